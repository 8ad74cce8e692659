import type { Era } from '../evidence/index.ts';
import type { CallChannel } from './channel/channel.ts';
import { RequestChannel } from './channel/request-channel.ts';
import type { AnswerServer } from './client-replies.ts';
import { monotonicMs, pause } from './clock.ts';
import { modernMeta, type Agreement } from './handshake.ts';
import type { Peer } from './peer.ts';
import { isObject, type JsonObject } from './rpc-message.ts';
import type { Reply, RequestOptions, ServerProcess, Session } from './session.ts';
import type { StdioWire } from './stdio-wire.ts';
import type { Wire } from './wire.ts';

/** As the SDK's own client: more rounds than this is a server that asks for ever. */
const MAX_INPUT_ROUNDS = 10;
/** "Try again later" without a question: wait a little, as the SDK does. */
const RETRY_PAUSE_MS = 250;

export interface SessionParts {
  readonly peer: Peer;
  readonly wire: Wire;
  readonly agreement: Agreement;
  readonly process: ServerProcess | null;
  /** Present where stdout is the channel. */
  readonly stdio: StdioWire | null;
  readonly answer: AnswerServer;
  /** Shakes hands anew after the server forgot the session, as the protocol asks of clients; absent without sessions. */
  readonly renew?: () => Promise<void>;
  /** Whatever else must end with the session. */
  readonly afterClose: () => Promise<void>;
}

/** A session of either era over any wire. */
export class McpSession implements Session {
  readonly #parts: SessionParts;
  /** `_meta` of every request; null in the 2025 era. */
  readonly #meta: JsonObject | null;
  #closing: Promise<void> | null = null;
  #renewing: Promise<void> | null = null;
  #renewals = 0;

  constructor(parts: SessionParts) {
    this.#parts = parts;
    this.#meta = parts.agreement.era === '2026' ? modernMeta(parts.agreement.protocolVersion) : null;
  }

  get era(): Era {
    return this.#parts.agreement.era;
  }
  get protocolVersion(): string {
    return this.#parts.agreement.protocolVersion;
  }
  get serverInfo(): Session['serverInfo'] {
    return this.#parts.agreement.serverInfo;
  }
  get capabilities(): JsonObject {
    return this.#parts.agreement.capabilities;
  }
  get instructions(): string | null {
    return this.#parts.agreement.instructions;
  }
  get nextRequestId(): number {
    return this.#parts.peer.nextId;
  }
  get process(): ServerProcess | null {
    return this.#parts.process;
  }
  get stdoutNoise(): Session['stdoutNoise'] {
    return this.#parts.stdio?.noise ?? null;
  }

  get renewals(): number {
    return this.#renewals;
  }

  request(method: string, params?: JsonObject, options?: RequestOptions): Promise<Reply> {
    return this.#meta === null
      ? this.#requestInSession(method, params, options)
      : this.#requestModern(method, params ?? {}, this.#meta, options ?? {});
  }

  notify(method: string, params?: JsonObject): void {
    this.#parts.peer.notify(method, params);
  }

  openChannel(): CallChannel {
    return this.#parts.wire.openChannel?.(this.#meta) ?? new RequestChannel(this);
  }

  close(): Promise<void> {
    this.#closing ??= this.#parts.wire
      .close()
      .then(this.#parts.afterClose)
      .catch(() => undefined);
    return this.#closing;
  }

  async leave(): Promise<void> {
    const { wire } = this.#parts;
    if (wire.leave === undefined) await wire.close();
    else wire.leave();
  }

  /** A call that the server lost with its session stays lost, as its client saw it; those after it are of a new session. */
  async #requestInSession(method: string, params?: JsonObject, options?: RequestOptions): Promise<Reply> {
    const { peer, renew } = this.#parts;
    if (this.#renewing !== null) await this.#renewing;
    const renewals = this.#renewals;
    const reply = await peer.request(method, params, options);
    if (reply.outcome !== 'lost' || reply.fault?.sessionEnded !== true || renew === undefined) return reply;
    // Calls under way together lose the same session.
    if (renewals === this.#renewals && this.#closing === null)
      this.#renewing ??= renew()
        .then(() => void this.#renewals++)
        .catch(() => undefined)
        .finally(() => (this.#renewing = null));
    await this.#renewing;
    return reply;
  }

  /** One call to its caller, however many rounds of questions and answers the server makes of it. */
  async #requestModern(
    method: string,
    params: JsonObject,
    ownMeta: JsonObject,
    options: RequestOptions,
  ): Promise<Reply> {
    const meta = isObject(params['_meta']) ? { ...params['_meta'], ...ownMeta } : ownMeta;
    let reply: Reply = await this.#parts.peer.request(method, { ...params, _meta: meta }, options);
    const { sentAtMs } = reply;
    for (
      let round = 0;
      reply.outcome === 'result' && reply.result['resultType'] === 'input_required';
      round += 1
    ) {
      if (round === MAX_INPUT_ROUNDS)
        return lost(
          reply,
          sentAtMs,
          `${method} still asked for input after ${String(MAX_INPUT_ROUNDS)} rounds`,
        );
      const { inputRequests, requestState } = reply.result;
      const questions = isObject(inputRequests) ? Object.entries(inputRequests) : [];
      if (questions.length === 0) await pause(RETRY_PAUSE_MS);
      const timeLeft =
        options.timeoutMs === undefined
          ? {}
          : { timeoutMs: Math.max(1, options.timeoutMs - (monotonicMs() - sentAtMs)) };
      const answers = {
        ...(questions.length > 0 ? { inputResponses: this.#answersTo(questions) } : {}),
        ...(requestState === undefined ? {} : { requestState }),
      };
      reply = await this.#parts.peer.request(
        method,
        { ...params, ...answers, _meta: meta },
        { ...options, ...timeLeft },
      );
    }
    return reply.sentAtMs === sentAtMs ? reply : { ...reply, sentAtMs, latencyMs: monotonicMs() - sentAtMs };
  }

  #answersTo(questions: readonly (readonly [string, unknown])[]): JsonObject {
    const answered = questions.map(([key, question]): readonly [string, unknown] => {
      const reply = this.#parts.answer(
        isObject(question) && typeof question['method'] === 'string' ? question['method'] : '',
      );
      return [key, 'result' in reply ? reply.result : {}];
    });
    return Object.fromEntries(answered);
  }
}

function lost(reply: Reply, sentAtMs: number, message: string): Reply {
  return { sentAtMs, latencyMs: monotonicMs() - sentAtMs, bytes: reply.bytes, outcome: 'lost', message };
}
