import {
  clientCapabilities,
  CLIENT_INFO,
  sortMessage,
  subjectOf,
  type Incoming,
  type JsonObject,
} from './rpc-message.ts';
import { monotonicMs } from './clock.ts';
import type { AnswerServer } from './client-replies.ts';
import type { Reply, RequestOptions } from './session.ts';
import type { Fault, Wire, WireListener } from './wire.ts';

/** A reply, with the fault behind a 'lost' or a 'timeout' for those who must say how far it got. */
export type PeerReply = Reply & { readonly fault?: Fault };

/** MCP's own SDKs give up after 60 s; a server that needs longer looks broken to its users too. */
const DEFAULT_TIMEOUT_MS = 60_000;

interface Pending {
  readonly method: string;
  readonly subject: string;
  readonly sentAtMs: number;
  readonly onProgress: RequestOptions['onProgress'];
  readonly finish: (reply: PeerReply) => void;
}

/** The JSON-RPC side of a session: pairs answers with requests over one wire, answers what the server asks. */
export class Peer implements WireListener {
  readonly #pending: Map<number, Pending> = new Map();
  readonly #answer: AnswerServer;
  #wire: Wire | null = null;
  #death: Fault | null = null;
  #lastId = 0;

  constructor(answer: AnswerServer) {
    this.#answer = answer;
  }

  attach(wire: Wire): void {
    this.#wire = wire;
  }

  /** What is in flight, by name, oldest first. */
  inFlight(): readonly string[] {
    return [...new Set([...this.#pending.values()].map((entry) => entry.subject))];
  }

  get nextId(): number {
    return this.#lastId + 1;
  }

  waitsFor(id: number): boolean {
    return this.#pending.has(id);
  }

  request(method: string, params?: JsonObject, options: RequestOptions = {}): Promise<PeerReply> {
    // Ids start at 1: SDK v1 ignores the cancellation of request 0.
    const id = ++this.#lastId;
    const sent =
      options.onProgress === undefined
        ? params
        : { ...params, _meta: { ...(params?.['_meta'] as JsonObject | undefined), progressToken: id } };
    const timeoutMs = options.timeoutMs ?? DEFAULT_TIMEOUT_MS;
    const { signal } = options;
    const text = JSON.stringify(
      sent === undefined ? { jsonrpc: '2.0', id, method } : { jsonrpc: '2.0', id, method, params: sent },
    );
    return new Promise((resolve) => {
      const sentAtMs = monotonicMs();
      const giveUp = (reason: string): void => this.#giveUp(id, reason);
      const timer = setTimeout(
        giveUp,
        timeoutMs,
        `no answer to ${method} within ${String(timeoutMs / 1000)} s`,
      );
      const onAbort = (): void => giveUp(`${method} was cancelled before its answer came`);
      const finish = (reply: PeerReply): void => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', onAbort);
        resolve(reply);
      };
      this.#pending.set(id, {
        method,
        subject: subjectOf(method, params),
        sentAtMs,
        onProgress: options.onProgress,
        finish,
      });
      signal?.addEventListener('abort', onAbort, { once: true });
      if (this.#death !== null) this.lost(id, this.#death);
      else if (signal?.aborted === true) onAbort();
      else {
        const { headers } = options;
        this.#wire?.send({ id, method, params: sent, text, ...(headers === undefined ? {} : { headers }) });
      }
    });
  }

  notify(method: string, params?: JsonObject): void {
    if (this.#death !== null) return;
    const text = JSON.stringify(
      params === undefined ? { jsonrpc: '2.0', method } : { jsonrpc: '2.0', method, params },
    );
    this.#wire?.send({ id: null, method, params, text });
  }

  /** Takes a value from the wire; false when it is no JSON-RPC message at all. */
  received(value: unknown, bytes: number, exchangeId: number | null): boolean {
    // 2025-03-26 allows batches.
    if (Array.isArray(value))
      return value.length > 0 && value.every((entry) => this.received(entry, bytes, exchangeId));
    const message = sortMessage(value);
    if (message.kind === 'foreign') return false;
    if (message.kind === 'request') this.#reply(message.id, message.method);
    else if (message.kind === 'notification') this.#notified(message);
    else return this.#answered(message, bytes, exchangeId);
    return true;
  }

  lost(id: number, fault: Fault): void {
    const entry = this.#take(id);
    entry?.finish({ ...this.#timing(entry, 0), outcome: 'lost', message: fault.message, fault });
  }

  died(fault: Fault): void {
    this.#death ??= fault;
    for (const id of this.#pending.keys()) this.lost(id, fault);
  }

  #answered(
    message: Extract<Incoming, { kind: 'result' | 'error' | 'malformed' }>,
    bytes: number,
    exchangeId: number | null,
  ): boolean {
    // Errors such as "parse error" carry no id; over HTTP the exchange tells whose they are.
    const id = typeof message.id === 'number' ? message.id : exchangeId;
    const entry = id === null ? undefined : this.#take(id);
    if (entry === undefined) return message.kind !== 'malformed';
    const timing = this.#timing(entry, bytes);
    if (message.kind === 'result') entry.finish({ ...timing, outcome: 'result', result: message.result });
    else if (message.kind === 'error') entry.finish({ ...timing, outcome: 'error', error: message.error });
    else {
      const text = `the server answered ${entry.method} with a malformed message: ${message.flaw}`;
      entry.finish({
        ...timing,
        outcome: 'lost',
        message: text,
        fault: { phase: 'handshake', message: text },
      });
    }
    return true;
  }

  #notified(message: { readonly method: string; readonly params: JsonObject }): void {
    if (message.method !== 'notifications/progress') return;
    const token = message.params['progressToken'];
    if (typeof token === 'number') this.#pending.get(token)?.onProgress?.(message.params);
  }

  #reply(id: string | number, method: string): void {
    this.#wire?.send({
      id: null,
      method: null,
      params: undefined,
      text: JSON.stringify({ jsonrpc: '2.0', id, ...this.#answer(method) }),
    });
  }

  #giveUp(id: number, reason: string): void {
    const entry = this.#take(id);
    if (entry === undefined || this.#wire === null) return;
    const phase = this.#wire.abandon(id) ?? 'handshake';
    // The protocol forbids cancelling `initialize`.
    if (this.#wire.cancelsByNotification && entry.method !== 'initialize')
      this.notify('notifications/cancelled', { requestId: id, reason });
    entry.finish({
      ...this.#timing(entry, 0),
      outcome: 'timeout',
      message: reason,
      fault: { phase, message: reason },
    });
  }

  #take(id: number): Pending | undefined {
    const entry = this.#pending.get(id);
    this.#pending.delete(id);
    return entry;
  }

  #timing(entry: Pending, bytes: number): { sentAtMs: number; latencyMs: number; bytes: number } {
    return { sentAtMs: entry.sentAtMs, latencyMs: monotonicMs() - entry.sentAtMs, bytes };
  }
}

/** `params` of the 2025 handshake. */
export function initializeParams(): JsonObject {
  return { protocolVersion: '2025-11-25', capabilities: clientCapabilities('2025'), clientInfo: CLIENT_INFO };
}
