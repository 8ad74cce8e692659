import { currentConnection } from '../call.ts';
import type { Call } from '../call.ts';
import { RuntimeError } from '../errors.ts';
import { signalHolder } from './era.ts';
import type { HandlerContext } from './era.ts';

/** A call whose handler runs. */
export class LiveCall implements Call {
  readonly method: string;
  readonly name: string;
  readonly lane: string;
  readonly sessionId: string | undefined;
  readonly principal: string | undefined;
  readonly startedAt: number = performance.now();
  /** Ends the call for its caller, whatever the handler does. */
  giveUp: ((error: RuntimeError) => void) | undefined;
  givenUpWith: RuntimeError | undefined;
  cancelledAt: number | undefined;
  readonly #client: AbortSignal | undefined;
  readonly #connection: AbortSignal | undefined;
  #own: AbortController | undefined;

  constructor(
    method: string,
    name: string,
    lane: string,
    sessionId: string | undefined,
    principal: string | undefined,
    context: HandlerContext,
  ) {
    this.method = method;
    this.name = name;
    this.lane = lane;
    this.sessionId = sessionId;
    this.principal = principal;
    const holder = signalHolder(context);
    this.#client = holder.signal;
    this.#connection = currentConnection();
    // Made when first asked for: most handlers never ask, and a controller costs more than the rest of the hook.
    Object.defineProperty(holder, 'signal', { configurable: true, enumerable: true, get: () => this.signal });
  }

  get cancelled(): boolean {
    return this.#client?.aborted === true || this.#connection?.aborted === true;
  }

  get signal(): AbortSignal {
    if (this.#own !== undefined) return this.#own.signal;
    const own = new AbortController();
    this.#own = own;
    for (const source of [this.#client, this.#connection]) {
      if (source === undefined) continue;
      if (source.aborted) own.abort(source.reason);
      else
        source.addEventListener('abort', () => own.abort(source.reason), { once: true, signal: own.signal });
    }
    return own.signal;
  }

  stop(error: RuntimeError): void {
    this.givenUpWith = error;
    this.#own?.abort(error);
    this.giveUp?.(error);
  }
}

/** Looks at all running calls now and then: a timer each would cost more than most calls. */
export class LiveCalls {
  readonly #calls = new Set<LiveCall>();
  readonly #callTimeoutMs: number;
  readonly #cancelGraceMs: number;
  readonly #everyMs: number;
  #timer: NodeJS.Timeout | undefined;
  /** Handlers that still ran when their place was given to others. */
  abandoned = 0;

  constructor(callTimeoutMs: number, cancelGraceMs: number) {
    this.#callTimeoutMs = callTimeoutMs;
    this.#cancelGraceMs = cancelGraceMs;
    // A tenth of the shorter time: punctual enough for a deadline, and never more than a hundred looks a second.
    this.#everyMs = Math.min(1000, Math.max(10, Math.min(callTimeoutMs, cancelGraceMs) / 10));
  }

  get size(): number {
    return this.#calls.size;
  }

  add(call: LiveCall): void {
    this.#calls.add(call);
    if (this.#timer === undefined) {
      this.#timer = setInterval(() => this.#look(), this.#everyMs);
      this.#timer.unref();
    }
  }

  delete(call: LiveCall): void {
    this.#calls.delete(call);
  }

  /** Ends all for their callers: for closing. */
  stopAll(error: RuntimeError): void {
    for (const call of this.#calls) call.stop(error);
  }

  stopLooking(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    if (this.#calls.size === 0) return this.stopLooking();
    const now = performance.now();
    for (const call of this.#calls) {
      if (call.cancelled) {
        call.cancelledAt ??= now;
        if (now - call.cancelledAt < this.#cancelGraceMs) continue;
        this.abandoned++;
        call.stop(
          new RuntimeError('METTLE_CANCELLED', `${call.name || call.method} went on after it was cancelled`),
        );
      } else if (now - call.startedAt >= this.#callTimeoutMs) {
        this.abandoned++;
        const message = `${call.name || call.method} did not answer within ${this.#callTimeoutMs} ms and was given up`;
        call.stop(new RuntimeError('METTLE_TIMED_OUT', message));
      }
    }
  }
}
