import type { IncomingHttpHeaders } from 'node:http';
import type { Era, ReachPhase } from '../../evidence/index.ts';
import { redactText } from '../../evidence/index.ts';
import { describeHttpAnswer, quoteShort, shownUrl } from '../../session/fault-sentences.ts';
import { modernMeta } from '../../session/handshake.ts';
import { ModernHeaders } from '../../session/modern-headers.ts';
import {
  CLIENT_INFO,
  isObject,
  sortMessage,
  type JsonObject,
  type RpcError,
} from '../../session/rpc-message.ts';
import { monotonicMs } from '../../session/clock.ts';
import type { ProbeConnection } from './connection.ts';
import { exchange, type RawAnswer } from './exchange.ts';
import { ProbeFault } from './fault.ts';

/** For ending the session, beyond the time of the look itself. */
const END_MS = 2000;
/** Whether a server that does not answer a message answers HTTP at all. */
const SIGN_OF_LIFE_MS = 1000;
const SMALL_ANSWER_BYTES = 64 * 1024;

export interface RpcAnswer {
  readonly bytes: number;
  /** Null where HTTP is not spoken. */
  readonly status: number | null;
  readonly reply: { readonly result: JsonObject } | { readonly error: RpcError };
}
export interface RpcLimits {
  readonly phase: ReachPhase;
  readonly maxBytes: number;
  /** Earlier than the end of the look, once the connection stands. */
  readonly answerByMs?: number;
  /** Another end than that of the look, and the beginning that sentences count from. */
  readonly deadlineMs?: number;
  readonly startedAtMs?: number;
}

/** Requests and their answers, over whatever transport. */
export interface RpcSource {
  /** The server, as a sentence begins with it. */
  readonly who: string;
  /** Until the end of the look. */
  readonly leftMs: number;
  /** Rejects with ProbeFault where there is no JSON-RPC answer. */
  request(method: string, params: JsonObject | undefined, limits: RpcLimits): Promise<RpcAnswer>;
}

/** JSON-RPC over Streamable HTTP, one message after the other, as one look needs it. */
export class ProbeRpc implements RpcSource {
  readonly #connection: ProbeConnection;
  readonly #url: URL;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #signal: AbortSignal | undefined;
  readonly #startedAtMs: number;
  readonly #deadlineMs: number;
  #era: Era = '2025';
  #modern: ModernHeaders | null = null;
  #meta: JsonObject | null = null;
  #version: string | null = null;
  #sessionId: string | null = null;
  #lastId = 0;
  /** When the first answer's headers came; null before. */
  firstHeadersAtMs: number | null = null;

  constructor(
    connection: ProbeConnection,
    url: URL,
    headers: Readonly<Record<string, string>>,
    time: { readonly startedAtMs: number; readonly deadlineMs: number },
    signal: AbortSignal | undefined,
  ) {
    this.#connection = connection;
    this.#url = url;
    this.#headers = headers;
    this.#startedAtMs = time.startedAtMs;
    this.#deadlineMs = time.deadlineMs;
    this.#signal = signal;
  }

  get who(): string {
    return shownUrl(this.#url);
  }

  get leftMs(): number {
    return this.#deadlineMs - monotonicMs();
  }

  /** From now on messages are of this era, and of this version once it is agreed upon. */
  settle(era: Era, version: string | null): void {
    this.#era = era;
    this.#version = version;
    const modern = era === '2026' && version !== null;
    this.#modern = modern ? new ModernHeaders(version) : null;
    this.#meta = modern ? modernMeta(version) : null;
  }

  async request(method: string, params: JsonObject | undefined, limits: RpcLimits): Promise<RpcAnswer> {
    this.#lastId += 1;
    const id = this.#lastId;
    const sent = this.#meta === null ? params : { ...params, _meta: this.#meta };
    const body = JSON.stringify({
      jsonrpc: '2.0',
      id,
      method,
      ...(sent === undefined ? {} : { params: sent }),
    });
    let parsed: unknown;
    const raw = await this.#exchange('POST', body, {
      what: method,
      routing: this.#routing(method, sent),
      ...limits,
      isAnswer: (data) => {
        const value = messageFor(parseJson(data), id);
        if (value === undefined) return false;
        parsed = value;
        return true;
      },
      onHeaders: (headers) => {
        const sessionId = headers['mcp-session-id'];
        if (method === 'initialize' && typeof sessionId === 'string') this.#sessionId = sessionId;
      },
    });
    this.firstHeadersAtMs ??= raw.headersAtMs;
    const reply = this.#replyIn(raw, parsed, id, method, limits.phase);
    if (method === 'tools/list' && 'result' in reply) this.#modern?.learn(reply.result);
    return { bytes: raw.bytes, status: raw.status, reply };
  }

  /** Rejects with ProbeFault where the server refuses it, as the SDK's clients do. */
  async notify(method: string, phase: ReachPhase): Promise<void> {
    const { status } = await this.#exchange('POST', JSON.stringify({ jsonrpc: '2.0', method }), {
      what: method,
      phase,
      maxBytes: SMALL_ANSWER_BYTES,
      routing: this.#routing(method, undefined),
      statusSuffices: true,
    });
    if (status >= 400)
      throw new ProbeFault(phase, `${this.who} refused ${method} (HTTP ${String(status)})`, {
        status,
      });
  }

  /** The HTTP status of a plain GET, where it is answered; null where not. A stream that it opens is cut. */
  async signOfLife(): Promise<number | null> {
    try {
      const { status } = await this.#exchange('GET', null, {
        what: 'GET',
        phase: 'http',
        maxBytes: SMALL_ANSWER_BYTES,
        routing: this.#routing('', undefined),
        statusSuffices: true,
        deadlineMs: monotonicMs() + SIGN_OF_LIFE_MS,
      });
      return status;
    } catch {
      return null;
    }
  }

  /** Ends the session, where the server opened one. Never rejects. */
  async end(): Promise<'none' | 'ended' | 'not-allowed' | 'failed'> {
    if (this.#sessionId === null) return 'none';
    try {
      const { status } = await this.#exchange('DELETE', null, {
        what: 'DELETE',
        phase: 'http',
        maxBytes: SMALL_ANSWER_BYTES,
        routing: this.#routing('', undefined),
        statusSuffices: true,
        deadlineMs: monotonicMs() + END_MS,
        // Also when the look was interrupted.
        signal: undefined,
      });
      if (status === 405) return 'not-allowed';
      return status < 300 || status === 404 ? 'ended' : 'failed';
    } catch {
      return 'failed';
    }
  }

  #routing(method: string, params: JsonObject | undefined): Readonly<Record<string, string>> {
    if (this.#modern !== null) return this.#modern.for(method, params);
    return {
      ...(this.#era === '2025' && this.#version !== null ? { 'mcp-protocol-version': this.#version } : {}),
      ...(this.#sessionId === null ? {} : { 'mcp-session-id': this.#sessionId }),
    };
  }

  #exchange(
    method: 'GET' | 'POST' | 'DELETE',
    body: string | null,
    options: RpcLimits & {
      readonly what: string;
      readonly routing: Readonly<Record<string, string>>;
      readonly deadlineMs?: number;
      readonly signal?: AbortSignal | undefined;
      readonly isAnswer?: (data: string) => boolean;
      readonly onHeaders?: (headers: IncomingHttpHeaders) => void;
      readonly statusSuffices?: boolean;
    },
  ): Promise<RawAnswer> {
    const { routing, deadlineMs = this.#deadlineMs, startedAtMs = this.#startedAtMs, ...rest } = options;
    const signal = 'signal' in options ? options.signal : this.#signal;
    const headers = {
      ...(body === null ? {} : { 'content-type': 'application/json' }),
      accept: method === 'GET' ? 'text/event-stream' : 'application/json, text/event-stream',
      'user-agent': `${CLIENT_INFO.name}/${CLIENT_INFO.version} (probe)`,
      ...this.#headers,
      ...routing,
    };
    const silentPhase = this.firstHeadersAtMs === null ? 'http' : options.phase;
    return exchange(
      this.#connection,
      this.#url,
      { ...rest, silentPhase, method, body, headers, deadlineMs, startedAtMs },
      signal,
    );
  }

  #replyIn(
    raw: RawAnswer,
    parsed: unknown,
    id: number,
    method: string,
    phase: ReachPhase,
  ): RpcAnswer['reply'] {
    const { status, headers, text } = raw;
    const contentType = headers['content-type'] ?? '';
    const challenge = headers['www-authenticate'] ?? null;
    const value = parsed ?? messageFor(parseJson(text), id);
    const noAnswer = (): ProbeFault =>
      new ProbeFault(
        'http',
        describeHttpAnswer(status, contentType, text.slice(0, 4096), this.#url, challenge ?? undefined),
        {
          status,
          challenge,
        },
      );
    if (status === 401 || status === 403) throw noAnswer();
    if (value === undefined) {
      if (status >= 300 || !contentType.includes('json')) throw noAnswer();
      const said = text.trim() === '' ? 'an empty body' : quoteShort(redactText(text.slice(0, 4096)));
      throw new ProbeFault(
        phase,
        `${this.who} answered ${method} with what is no JSON-RPC answer to it: ${said}`,
        { status },
      );
    }
    const message = sortMessage(value);
    if (message.kind === 'result') return { result: message.result };
    if (message.kind === 'error') return { error: message.error };
    if (status >= 300) throw noAnswer();
    const flaw = message.kind === 'malformed' ? message.flaw : 'it is no JSON-RPC answer';
    throw new ProbeFault(phase, `${this.who} answered ${method} with a malformed message: ${flaw}`, {
      status,
    });
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** The message that answers `id`, alone or in a batch (2025-03-26); undefined when it is not there. */
function messageFor(value: unknown, id: number): unknown {
  const messages: readonly unknown[] = Array.isArray(value) ? value : [value];
  // An error without an id answers a request that could not be read; what is malformed is told from its parts.
  return messages.find(
    (message) =>
      isObject(message) &&
      (message['id'] === id ||
        (message['id'] === null && 'error' in message) ||
        (message['id'] === undefined && !('method' in message))),
  );
}
