import type { Call } from './calls.ts';
import type { Sites } from './stack.ts';

/** Where everything is put in order: `step` orders events, `turn` counts what the event loop called. */
export interface Moment {
  readonly step: number;
  readonly turn: number;
  readonly atMs: number;
}

/** Something asynchronous that was started: by a call of the subject, by another call, or by nobody's code. */
export interface Operation {
  readonly kind: string;
  /** Null when no followed call started it. */
  readonly lane: Lane | null;
  readonly began: Moment;
  /** When it completed; null while outstanding, and for ever when it was cancelled. */
  ended: Moment | null;
  /** False for what takes no time of its own, or waits for nobody: setImmediate, unref'd timers. */
  counts: boolean;
  /** A timer so long that it is more likely a time-out than the call's work. */
  long: boolean;
  readonly sites: Sites;
}

/** A time in which a call neither ran nor was answered, and the await that ended it. */
export interface Gap {
  readonly lane: Lane;
  readonly from: Moment;
  readonly to: Moment;
  readonly sites: Sites;
}

/** One call of the followed subject. */
export class Lane {
  readonly call: Call;
  replied: Moment | null = null;
  /** When it last stopped running; null while it runs, and before it first ran. */
  quietSince: Moment | null = null;
  /** Awaits by async id, with where they stand in the code. */
  readonly awaits: Map<number, Sites> = new Map();
  /** A connection being made for its request. */
  connecting: Operation | null = null;
  /** Operations on sockets that it shares with others, by the socket's async id. */
  readonly onSockets: Map<number, Operation> = new Map();

  constructor(call: Call) {
    this.call = call;
  }
}
