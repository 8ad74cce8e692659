import type { RaceAnswer, RaceCall } from '../../evidence/index.ts';
import type { Reply } from '../../session/index.ts';
import { canonicalJson, type Mask } from './masks.ts';

/** The request that a call is. */
export function requestOf(call: RaceCall): {
  readonly method: string;
  readonly params: Readonly<Record<string, unknown>>;
} {
  if (call.tool !== undefined)
    return { method: 'tools/call', params: { name: call.tool, arguments: call.arguments ?? {} } };
  return {
    method: call.method ?? 'ping',
    params: (call.params ?? {}) as Readonly<Record<string, unknown>>,
  };
}

/** An answer as it is compared. */
export function answerOf(reply: Reply | null, mask: Mask): RaceAnswer {
  if (reply === null || reply.outcome === 'timeout' || reply.outcome === 'lost')
    return { status: 'unanswered', text: '' };
  if (reply.outcome === 'error') return { status: 'protocol-error', text: mask(canonicalJson(reply.error)) };
  const status = reply.result['isError'] === true ? 'tool-error' : 'success';
  return { status, text: mask(canonicalJson(reply.result)) };
}
