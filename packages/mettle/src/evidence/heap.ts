import type { Frame } from './finding.ts';

/*
 * What `mettle leak` saw. All subjects are called in the same rounds, each a number of times of its own, so that what
 * grows tells by its counts whose calls made it grow. See docs/decisions for the method.
 */

/** How a subject's calls went, or how a session's life did. What leaks only when a call fails is leaked by that. */
export type HeapManner =
  /** Calls that were answered. */
  | 'answered'
  /** Calls with arguments that the tool refuses. */
  | 'failed'
  /** Calls cancelled by the client while they ran. */
  | 'cancelled'
  /** Sessions opened and ended as the protocol has it (DELETE over HTTP). */
  | 'ended'
  /** Sessions opened and never ended. */
  | 'abandoned'
  /** Sessions whose client's connection was cut in mid-call. */
  | 'cut-off';

/** Whose calls are counted: one manner of a tool's or a method's calls, or of the life of sessions. */
export interface HeapSubject {
  /** The tool's name, the method's, or `session`. */
  readonly name: string;
  readonly kind: 'tool' | 'method' | 'session';
  readonly manner: HeapManner;
  /** Of a session's life: the calls that each one makes, so that what grows by them is not taken for the session's. */
  readonly makes?: readonly Pick<HeapSubject, 'name' | 'manner'>[];
}

/** A subject with what was done to it. */
export interface HeapSubjectRecord extends HeapSubject {
  /** In all rounds, the search for a bound included. */
  readonly calls: number;
  /** Of calls that were to be answered, those that failed. */
  readonly errors: number;
  readonly firstError: string | null;
  /** Whether each call of a fresh round had arguments of its own; false: a cache keyed by argument could not be seen to grow. */
  readonly freshArguments: boolean;
}

export interface HeapRound {
  /** `fresh`: arguments not used before. `repeat`: used before. `idle`: no calls. `warm-up`: before anything is counted. */
  readonly kind: 'warm-up' | 'fresh' | 'repeat' | 'idle';
  readonly durationMs: number;
  /** Calls (or session lives) in the round, in the order of `subjects`. */
  readonly calls: readonly number[];
}

/** What holds what grows. */
export type OwnerKind =
  | 'map'
  | 'set'
  | 'array'
  /** A plain object or an instance used as a dictionary. */
  | 'object'
  /** Listeners of a node:events EventEmitter. */
  | 'event-emitter'
  /** Listeners of an EventTarget, AbortSignal among them. */
  | 'event-target'
  /** Elements that hold each other. */
  | 'linked-list'
  /** A variable of a function or a module. */
  | 'scope'
  /** The runtime's list of pending timers. */
  | 'timers'
  /** A promise that never settles and what waits for it. */
  | 'promise'
  /** V8's or Node's own: a native handle, a global handle. */
  | 'native'
  /** Numbers without objects: a typed array, or an array of doubles. */
  | 'numbers'
  | 'unknown';

export interface GrowthOwner {
  readonly kind: OwnerKind;
  /** As its class is called: `Map`, `LRUCache`, `SessionStore`. */
  readonly className: string;
  /** The variable or property that holds it, such as `sessions`; null when it has no name. */
  readonly name: string | null;
  /** The script whose scope it stands in, as the runtime named it; null when unknown. */
  readonly file: string | null;
  /** Elements it held when it was last looked at; null when it has no size. */
  readonly size: number | null;
}

/** What there is more of with each call. */
export interface GrowthElement {
  readonly kind:
    | 'object'
    | 'array'
    | 'closure'
    | 'string'
    | 'number'
    /** A listener as EventTarget keeps it. */
    | 'listener'
    /** A pending setTimeout. */
    | 'timeout'
    /** A running setInterval. */
    | 'interval'
    /** A promise, or the halted async function that waits for one. */
    | 'promise'
    /** ArrayBuffer, Buffer, typed array: bytes outside V8's heap. */
    | 'buffer'
    /** Socket, file handle, child process, server and the like. */
    | 'handle'
    | 'other';
  /** For people: `Object {close}`, `ƒ onUpdate`, `Timeout`. */
  readonly description: string;
  /** Of a closure, a listener or a timer: where its function stands. */
  readonly function: Frame | null;
  /** Of a timer. */
  readonly delayMs: number | null;
}

/** Objects of one class that each call leaves behind, whatever holds them. */
export interface HeldClass {
  readonly className: string;
  readonly kind: GrowthElement['kind'];
  readonly perCall: number;
  readonly bytesPerCall: number;
}

/**
 * Why the counts are taken for the subject's. `exact`: in each fresh round the same whole number of objects per call.
 * `correlated`: in proportion to its calls and to no other subject's, but not exactly. `alone`: it was called alone, and
 * the owner grew; the others were, and it did not. `none`: nobody's calls.
 */
export type GrowthProof = 'exact' | 'correlated' | 'alone' | 'none';

/** Whether growth ends. */
export type GrowthBound =
  /** It does not: it went on as before over so many further calls (0: it is of a kind that only grows). */
  | { readonly kind: 'none'; readonly calls: number; readonly sizes: readonly number[] }
  /** It stopped at this size. */
  | { readonly kind: 'plateau'; readonly size: number; readonly calls: number }
  /** A field beside it gives its limit, not reached in the time: `max: 100000`. */
  | { readonly kind: 'declared'; readonly property: string; readonly limit: number }
  /** Entries are removed when they are so old. */
  | { readonly kind: 'ttl'; readonly ttlMs: number; readonly property: string | null }
  | { readonly kind: 'undecided'; readonly why: string };

/** One thing that has more elements after each round than before. Healthy ones too: `bound` tells them apart. */
export interface HeapGrowth {
  /** Whose calls make it grow (`tools/call`, `any request`: everybody's); null when nobody's do. */
  readonly subject: HeapSubject | null;
  /** `time`: it grows without calls as well, from a timer or a poller. */
  readonly driver: 'calls' | 'time';
  readonly proof: GrowthProof;
  /** Of time-driven growth: the subject whose calls started the timer that feeds it; null when unknown or none. */
  readonly startedBy: HeapSubject | null;
  /** New elements that live at the end, by round, in the order of `rounds`. */
  readonly counts: readonly number[];
  /** Elements per call of the subject; 0 when driven by time. */
  readonly objectsPerCall: number;
  /** All that the elements keep, per call of the subject, bytes outside the heap included; 0 when driven by time. */
  readonly bytesPerCall: number;
  /** Of those, outside V8's heap. */
  readonly externalBytesPerCall: number;
  /** While nothing was called. */
  readonly objectsPerSecondIdle: number;
  readonly bytesPerSecondIdle: number;
  /** Grows with new arguments only: kept by argument. Null when there was no way to tell. */
  readonly keyed: boolean | null;
  /** Null where only a sampling profile was taken. */
  readonly owner: GrowthOwner | null;
  readonly element: GrowthElement;
  /** What one call leaves behind, most bytes first, bounded. */
  readonly holds: readonly HeldClass[];
  /** From the root to the element, in the user's words: `module dist/sessions.js`, `Map "sessions"`, `entry`, `closure onClose`. */
  readonly path: readonly string[];
  /** The call that added an element, innermost frame first, at original places; empty when it could not be caught. */
  readonly site: readonly Frame[];
  /** How often elements are taken out again, seen at the live owner: `delete`, `off`, `shift`; null when not watched. */
  readonly removals: number | null;
  readonly bound: GrowthBound;
}

/** Memory that no object of the snapshot explains, by bytes. */
export interface MemoryTrend {
  readonly kind: 'heap' | 'external' | 'array-buffers' | 'rss';
  /** Whose calls it follows; null when it cannot be told, or when it follows none. */
  readonly subject: HeapSubject | null;
  readonly bytesPerCall: number;
  /** 95 % interval; null when there were too few rounds. */
  readonly low: number | null;
  readonly high: number | null;
  /** After forced collections, in the order of `rounds`; the first reading is from before the first of them. */
  readonly readings: readonly number[];
  /** Of it, what `growths` explain already. */
  readonly explainedBytesPerCall: number;
}

/** Operating-system resources that stay open. */
export interface HandleGrowth {
  readonly kind: 'socket' | 'server' | 'file' | 'child-process' | 'worker' | 'timer' | 'watcher' | 'other';
  /** As Node names it: `TCPSocketWrap`, `FSReqCallback`, `ProcessWrap`; `file descriptor` for what only the kernel knows. */
  readonly resource: string;
  readonly subject: HeapSubject | null;
  readonly proof: GrowthProof;
  readonly perCall: number;
  /** Open after each round, in the order of `rounds`; the first reading is from before the first of them. */
  readonly readings: readonly number[];
  /** Where one was opened; empty when it was not seen. */
  readonly site: readonly Frame[];
  readonly bound: GrowthBound;
}

/** One look at the target's memory; the collection is forced. */
export interface HeapReading {
  readonly atMs: number;
  /** Index into `rounds` of the round that had ended; -1 before the first. */
  readonly round: number;
  readonly collected: 'before' | 'after';
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly rssBytes: number;
}

export interface HeapGrowthEvidence {
  /** `snapshot`: counted object by object. `sampling`: by a sampling heap profile, since a snapshot was not affordable. */
  readonly by: 'snapshot' | 'sampling';
  /** Why no snapshot was taken; null when one was. */
  readonly whySampling: string | null;
  readonly subjects: readonly HeapSubjectRecord[];
  readonly rounds: readonly HeapRound[];
  /** What grows, most bytes per call first. */
  readonly growths: readonly HeapGrowth[];
  readonly trends: readonly MemoryTrend[];
  readonly handles: readonly HandleGrowth[];
  readonly timeline: readonly HeapReading[];
  readonly limits: {
    /** V8's, of the old generation and all. */
    readonly heapBytes: number | null;
    /** Of the container or the machine. */
    readonly memoryBytes: number | null;
  };
  /** What it cost the server: snapshots taken, and how long each held its event loop. */
  readonly snapshots: readonly { readonly pauseMs: number; readonly bytes: number }[];
  /** Sentences on what was not looked at, and why. */
  readonly notCovered: readonly string[];
}
