import type { Frame } from '../evidence/index.ts';

/*
 * What Mettle asks about the heap of a server that it started for this alone, and kills afterwards: live objects are
 * patched, and containers are filled with what does not belong there.
 */

/** How many elements a live owner has is read by this. */
export type Measure =
  /** Entries of a Map or Set, length of an array, own keys of any other object. */
  | { readonly by: 'size' }
  /** Listeners of an EventTarget. */
  | { readonly by: 'listeners' }
  /** Objects that can be reached from this one by the same property over and over. */
  | { readonly by: 'chain'; readonly property: string; readonly next: string };

/** A live object to be watched, by its id in the last snapshot. */
export interface WatchedObject {
  readonly heapId: number;
  readonly measure: Measure;
  /** By these it is found among all others: what it is, and that it has at least so many elements. */
  readonly shape: 'map' | 'set' | 'array' | 'other';
  readonly least: number;
}

export type HeapRequest =
  /** Collects garbage, and reads what is left. */
  | { readonly ask: 'memory' }
  /** Writes a snapshot into an existing file. Holds the event loop. `numbers`: with the values of numbers. */
  | { readonly ask: 'snapshot'; readonly file: string; readonly numbers: boolean }
  /** Watches these objects, and no others any more. */
  | { readonly ask: 'watch'; readonly objects: readonly WatchedObject[] }
  | { readonly ask: 'sizes' }
  /** Fields of objects that hold a number, private ones too. */
  | { readonly ask: 'fields'; readonly heapIds: readonly number[] }
  /** Source text of functions, cut to 4,000 characters. */
  | { readonly ask: 'functions'; readonly heapIds: readonly number[] }
  /** Notes the stack whenever one of the watched objects gets or loses an element, and whenever something asynchronous begins. */
  | { readonly ask: 'trap'; readonly objects: readonly number[]; readonly resources: boolean }
  /** What was trapped since the last time. */
  | { readonly ask: 'trapped' }
  /** Fills a watched object up with more of what it has. */
  | { readonly ask: 'fill'; readonly object: number; readonly upTo: number }
  /** Begins a sampling heap profile, or answers the one begun. */
  | { readonly ask: 'sampling'; readonly intervalBytes: number | null };

export interface MemoryFigures {
  readonly heapUsedBytes: number;
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly rssBytes: number;
  /** Resident and neither V8's heap, used or not, nor counted by V8 as outside it. What V8 has only reserved is not resident. */
  readonly nativeBytes: number;
}
export interface HeapMemory {
  readonly atMs: number;
  readonly before: MemoryFigures;
  readonly after: MemoryFigures;
  readonly heapLimitBytes: number;
  /** What one collection of all garbage takes, of all cores. */
  readonly collectionCpuMs: number;
  /** What keeps the event loop alive, by Node's name for it. */
  readonly resources: Readonly<Record<string, number>>;
  /** Open file descriptors by what they are; null where the kernel does not tell. */
  readonly descriptors: Readonly<Record<string, number>> | null;
}
export interface SnapshotTaken {
  /** How long it held the event loop, on the clock: on a starved host mostly waiting for a core. */
  readonly pauseMs: number;
  /** What it took of all cores meanwhile. */
  readonly cpuMs: number;
}
/** Null for what is not there any more, or has no size. */
export type Sizes = readonly (number | null)[];
export interface NumberField {
  readonly name: string;
  readonly value: number;
}
/** An element that came or went, with who did it. */
export interface TrappedGrowth {
  /** Place among the watched objects; -1 for a resource. */
  readonly object: number;
  /** Of a resource: Node's name for it. */
  readonly resource: string | null;
  readonly removed: boolean;
  /** Of a timer: what it was set to; null for anything else. */
  readonly delayMs: number | null;
  readonly stack: readonly Frame[];
  /** Of a resource: gone again. */
  readonly ended: boolean;
}
/** One function of the sampling profile, and the live bytes that it allocated. */
export interface SampledSite {
  readonly stack: readonly Frame[];
  readonly bytes: number;
  readonly count: number;
}

export interface HeapAnswers {
  readonly memory: HeapMemory;
  readonly snapshot: SnapshotTaken;
  readonly watch: Sizes;
  readonly sizes: Sizes;
  readonly fields: readonly (readonly NumberField[])[];
  readonly functions: readonly (string | null)[];
  readonly trap: readonly boolean[];
  readonly trapped: readonly TrappedGrowth[];
  readonly fill: number | null;
  readonly sampling: readonly SampledSite[];
}
