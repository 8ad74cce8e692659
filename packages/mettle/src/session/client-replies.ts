import { pathToFileURL } from 'node:url';
import { METHOD_NOT_FOUND, type RpcError } from './rpc-message.ts';

export type ClientReply = { readonly result: unknown } | { readonly error: RpcError };
/** Answers one request of the server's. */
export type AnswerServer = (method: string) => ClientReply;

/**
 * Answers for what servers ask of a client: the working directory as the only root, a fixed sampling text, a declined
 * elicitation. `replies` (by method) win over these.
 */
export function answerWith(
  replies: Readonly<Record<string, unknown>>,
  rootDirectory: string | null,
): AnswerServer {
  const answers: Readonly<Record<string, unknown>> = {
    ping: {},
    'roots/list': {
      roots: rootDirectory === null ? [] : [{ uri: pathToFileURL(rootDirectory).href, name: 'root' }],
    },
    'sampling/createMessage': {
      role: 'assistant',
      content: { type: 'text', text: 'This is a fixed answer, made without a model.' },
      model: 'mettle-fixed-answer',
      stopReason: 'endTurn',
    },
    'elicitation/create': { action: 'decline' },
    ...replies,
  };
  return (method) =>
    Object.hasOwn(answers, method)
      ? { result: answers[method] }
      : { error: { code: METHOD_NOT_FOUND, message: `Mettle does not answer ${method}` } };
}
