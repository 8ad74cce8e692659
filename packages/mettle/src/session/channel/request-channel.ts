import type { RequestOptions, Session } from '../session.ts';
import { oneLine } from './answer.ts';
import { channelNow } from './channel.ts';
import type { CallChannel, CallUnderWay, EncodedCall } from './channel.ts';
import { endOfReply } from './reply-end.ts';

/** A channel through a session's own requests: for wires that have no faster one, and for calls that ask something first. */
export class RequestChannel implements CallChannel {
  parsedAnswers = 0;
  readonly #session: Session;
  readonly #sent = new Map<CallUnderWay, { readonly sentAtMs: number; readonly abort: AbortController }>();

  constructor(session: Session) {
    this.#session = session;
  }

  get underWay(): number {
    return this.#sent.size;
  }

  encode(method: string, params: Readonly<Record<string, unknown>>): EncodedCall {
    const bytes = Buffer.byteLength(JSON.stringify({ method, params }));
    return { method, params, before: '', after: '', bytes, answers: { seen: 0 } };
  }

  send(call: EncodedCall, underWay: CallUnderWay, nowMs: number): void {
    const abort = new AbortController();
    this.#sent.set(underWay, { sentAtMs: nowMs, abort });
    // Time-outs are the caller's, by `expire`; this one only keeps a lost call from living for ever.
    const options = { signal: abort.signal, timeoutMs: 3_600_000 };
    void this.#request(call, underWay, options);
  }

  async #request(call: EncodedCall, underWay: CallUnderWay, options: RequestOptions): Promise<void> {
    const reply = await this.#session.request(call.method, call.params, options);
    if (!this.#sent.delete(underWay)) return;
    this.parsedAnswers++;
    const { end, message } = endOfReply(reply);
    underWay.ended(end, channelNow(), reply.bytes, message === null ? null : oneLine(message));
  }

  expire(sentBeforeMs: number): void {
    for (const [underWay, { sentAtMs, abort }] of this.#sent) {
      if (sentAtMs >= sentBeforeMs) return;
      this.#sent.delete(underWay);
      abort.abort();
      underWay.ended('timeout', channelNow(), 0, 'no answer within the time allowed');
    }
  }

  abandon(): void {
    const left = [...this.#sent.values()];
    this.#sent.clear();
    for (const { abort } of left) abort.abort();
  }

  close(): void {
    this.abandon();
  }
}
