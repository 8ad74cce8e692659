import type { Frame } from './finding.ts';

/*
 * The memory of a server in use, watched from inside for a while: `mettle attach PID --memory`. Clients call it, Mettle
 * calls nothing, so growth is told over time, and whether it ever ends is not.
 */

/** Memory at one moment. */
export interface MemoryReading {
  /** Since the watch began. */
  readonly atMs: number;
  /** `collected`: right after V8 had collected all garbage, by itself or when asked. `passing`: at any moment. */
  readonly when: 'collected' | 'passing';
  readonly heapUsedBytes: number;
  /** What V8 has reserved for the heap. */
  readonly heapTotalBytes: number;
  /** Outside the heap, buffers included. */
  readonly externalBytes: number;
  readonly arrayBuffersBytes: number;
  readonly rssBytes: number;
  /** Calls that clients had made until then. */
  readonly calls: number;
}

/** What one call path allocated while Mettle watched, and is alive at the end. */
export interface SurvivingSite {
  /** Innermost frame first; a line is that at which the function begins, for V8 tells no more. */
  readonly stack: readonly Frame[];
  readonly bytes: number;
  readonly samples: number;
  /** Of those, how many were allocated in each part of the watch, parts in which equally many bytes were allocated. */
  readonly births: readonly number[];
}

export interface HeapSampling {
  /** One sample in so many allocated bytes. */
  readonly intervalBytes: number;
  /** When sampling began, since the watch did. */
  readonly fromMs: number;
  /** All samples, dead ones too. */
  readonly samples: number;
  /** What was allocated since then and is alive at the end, all call paths together. */
  readonly alive: { readonly bytes: number; readonly samples: number };
  /** Reading the profile collects all garbage: for so long it held the event loop. */
  readonly pauseMs: number;
  readonly sites: readonly SurvivingSite[];
}

export interface MemoryWatchEvidence {
  readonly observedMs: number;
  /** By tool or method, as clients called them. */
  readonly calls: readonly { readonly name: string; readonly calls: number }[];
  readonly readings: readonly MemoryReading[];
  /** Whether Mettle had garbage collected, or waited for V8 to do so. */
  readonly forced: boolean;
  /** Null where the profile was not taken. */
  readonly sampling: HeapSampling | null;
  readonly limits: {
    /** V8's. */
    readonly heapBytes: number;
    /** Of the container or the machine. */
    readonly memoryBytes: number;
  };
  /** Each time that Mettle held the event loop for longer than a moment, and for what. */
  readonly pauses: readonly { readonly what: 'snapshot' | 'collection' | 'profile'; readonly ms: number }[];
  readonly notCovered: readonly string[];
}
