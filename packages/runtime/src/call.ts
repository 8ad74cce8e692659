import { AsyncLocalStorage } from 'node:async_hooks';

/** The call being served: who asked for what, and until when. */
export interface Call {
  /** The protocol's method, such as `tools/call`. */
  readonly method: string;
  /** The tool, prompt or resource asked for; '' where the method has none. */
  readonly name: string;
  /** Callers with the same lane share one place in every round-robin. */
  readonly lane: string;
  /** Aborts when the caller cancels or goes away, or the call's deadline passes. */
  readonly signal: AbortSignal | undefined;
  readonly sessionId: string | undefined;
  readonly principal: string | undefined;
}

const calls = new AsyncLocalStorage<Call>();

/** The call in whose handler this code runs; undefined outside of any. */
export function currentCall(): Call | undefined {
  return calls.getStore();
}

/** Runs a handler so that `currentCall()` inside it, and in all that it starts, is this call. */
export function inCall<A extends readonly unknown[], R>(
  call: Call,
  handler: (...args: A) => R,
  ...args: A
): R {
  return calls.run(call, handler, ...args);
}

const connections = new AsyncLocalStorage<AbortSignal>();

/** The signal of the client's connection, where something watches it. */
export function currentConnection(): AbortSignal | undefined {
  return connections.getStore();
}

/** Runs what serves a connection so that calls arriving on it are cancelled when it breaks. */
export function onConnection<R>(signal: AbortSignal, serve: () => R): R {
  return connections.run(signal, serve);
}
