import type { Reply } from '../session.ts';
import type { CallEnd } from './channel.ts';

/** How a call ended, by the reply of `Session.request`. */
export function endOfReply(reply: Reply): { readonly end: CallEnd; readonly message: string | null } {
  switch (reply.outcome) {
    case 'result':
      return reply.result['isError'] === true
        ? { end: 'tool-error', message: JSON.stringify(reply.result['content'] ?? 'isError without a text') }
        : { end: 'ok', message: null };
    case 'error':
      return {
        end: 'protocol-error',
        message: `JSON-RPC ${String(reply.error.code)}: ${reply.error.message}`,
      };
    case 'timeout':
      return { end: 'timeout', message: reply.message };
    case 'lost':
      return {
        end: /\bHTTP \d{3}\b/.test(reply.message) ? 'http-error' : 'connection',
        message: reply.message,
      };
  }
}
