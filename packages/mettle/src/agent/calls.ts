import { AsyncLocalStorage } from 'node:async_hooks';
import { silently } from './silently.ts';

/** One inbound JSON-RPC request, carried along everything that it starts. */
export interface Call {
  /** Tool or method; null until the request's body has been read. */
  subject: string | null;
  /** Number of the call since the instrument started, from 1. */
  readonly number: number;
  /** The message is a JSON array: its parts are told apart where the SDK dispatches them. */
  batch: boolean;
  /** Whether its whole message has arrived; a call that waits for its own body waits for nobody. */
  received: boolean;
  /** Which observation it belongs to: calls of an earlier one are nobody's. */
  readonly observation: number;
  /** Something written to stdout while the call was current: its context reached the server's code. */
  used: boolean;
  /** The instrument's own notes on the call. */
  note: unknown;
}

/** What an instrument hears about calls. */
export interface CallObserver {
  /** A call came in; its subject may still be unknown, else `named` follows. */
  begun(call: Call): void;
  /** Its subject became known (also told for calls that had it from the start). */
  named(call: Call): void;
  /** The running code belongs to `call` from now until `left`. */
  entered(call: Call): void;
  left(): void;
  /** The running code turned out to belong to `call` (no matching `left`). */
  becameCurrent(call: Call): void;
  /** Its reply was handed to the transport. Who does not ask for it spares the reading of what is written. */
  replied?(call: Call): void;
}

const storage = new AsyncLocalStorage<Call>();
let observer: CallObserver | null = null;
let observation = 0;
let callCount = 0;

/** Starts telling `next` about calls; there is one observer at a time. */
export function observeCalls(next: CallObserver): void {
  observation++;
  callCount = 0;
  observer = next;
}

/** Stops; what the calls left in async contexts is dropped. */
export function stopObservingCalls(): void {
  observer = null;
  silently(() => storage.disable());
}

/** Read on hot paths: whether an instrument is on. */
export function observing(): boolean {
  return observer !== null;
}

/** Read on hot paths: whether the instrument wants to hear of replies. */
export function awaitingReplies(): boolean {
  return observer?.replied !== undefined;
}

/** The call to which the running code belongs; null when none, or no instrument is on. */
export function currentCall(): Call | null {
  if (observer === null) return null;
  const call = storage.getStore();
  return call !== undefined && call.observation === observation ? call : null;
}

/** Whether `call` belongs to the observation that is going on. */
export function isObserved(call: Call): boolean {
  return observer !== null && call.observation === observation;
}

/** What is known of a call when it begins; by default its message is whole, and no batch. */
export interface CallStart {
  readonly batch?: boolean;
  readonly received?: boolean;
}

/** A new call. Only while observing. */
export function beginCall(subject: string | null, { batch = false, received = true }: CallStart = {}): Call {
  const call: Call = {
    subject,
    number: ++callCount,
    batch,
    received,
    observation,
    used: false,
    note: null,
  };
  silently(() => {
    observer?.begun(call);
    if (subject !== null) observer?.named(call);
  });
  return call;
}

/** Tells whose call it is, once its message has been read. */
export function nameCall(call: Call, subject: string): void {
  if (call.subject !== null) return;
  call.subject = subject;
  silently(() => observer?.named(call));
}

/** Runs `body`, the server's code, as part of `call`; what it throws passes through. */
export function runInCall<T>(call: Call, body: () => T): T {
  return storage.run(call, runEntered<T>, call, body);
}

function runEntered<T>(call: Call, body: () => T): T {
  const told = observer;
  try {
    told?.entered(call);
  } catch {
    // The server's code runs, whatever became of ours.
  }
  try {
    return body();
  } finally {
    try {
      told?.left();
    } catch {
      // As above.
    }
  }
}

/** Runs `body` as part of a call that nobody made: the observer hears of its callbacks, not of the call. */
export function runInNobodysCall<T>(note: unknown, body: () => T): T {
  const call: Call = { subject: '', number: 0, batch: false, received: true, observation, used: false, note };
  return storage.run(call, body);
}

/** The rest of the running callback, and what it starts, belongs to `call`. */
export function enterCall(call: Call): void {
  storage.enterWith(call);
  silently(() => observer?.becameCurrent(call));
}

/** The reply of `call` was handed to the transport. */
export function replied(call: Call): void {
  silently(() => observer?.replied?.(call));
}
