import type { SourceLocation } from './finding.ts';

/*
 * Two heap snapshots from anywhere, compared: `mettle leak --compare before after`. Mettle called nothing, so what grew is
 * all that can be said; whose calls made it grow, and whether it goes on, is not.
 */

export interface ComparedSnapshot {
  readonly file: string;
  readonly fileBytes: number;
  readonly objects: number;
  /** Own sizes of all objects. */
  readonly heapBytes: number;
}

/** What objects of a class are: a user's own, or V8's way of keeping them. Kept apart, since the user cannot act on the latter. */
export type HeapClassKind = 'object' | 'closure' | 'string' | 'number' | 'native' | 'internal';

export interface ClassGrowth {
  /** As the constructor is called; a plain object by its properties, a function by its name. */
  readonly className: string;
  readonly kind: HeapClassKind;
  /** Where the function, or the class's constructor, was written: `dist/sessions.js:12:5`; null when unknown. */
  readonly place: string | null;
  readonly before: number;
  readonly after: number;
  readonly bytesBefore: number;
  readonly bytesAfter: number;
  /** Made between the snapshots and alive at the second; null where they are of different processes. */
  readonly newObjects: number | null;
}

/** One object that holds more than before. */
export interface HolderGrowth {
  readonly className: string;
  /** Of what there is more. */
  readonly elementClass: string;
  readonly elementsBefore: number;
  readonly elementsAfter: number;
  /** Elements made between the snapshots; null where they are of different processes. */
  readonly newElements: number | null;
  /** Bytes that it holds more than before, each byte counted under its nearest holder only. */
  readonly grownBytes: number;
  /** What a collection would free if it went; null where that is not known. */
  readonly retainedBefore: number | null;
  readonly retainedAfter: number | null;
  /** From a module or the global object down to a new element. */
  readonly path: readonly string[];
  /** The package of node_modules in which the holder stands, `node` for Node's own modules; null for the server's own code. */
  readonly package: string | null;
  /** Where the element's function or class was written, or that of the holder. */
  readonly location: SourceLocation | null;
}

export interface HeapComparisonEvidence {
  readonly before: ComparedSnapshot;
  readonly after: ComparedSnapshot;
  /** Told by V8's ids, which in one process stay with their objects. */
  readonly sameProcess: boolean;
  /** Of the objects whose ids are in both snapshots, the share that is of the same class in both. */
  readonly idsAgree: number;
  /** Made between the snapshots and alive at the second; null where they are of different processes. */
  readonly newObjects: number | null;
  readonly newBytes: number | null;
  /** What grew most, largest growth in bytes first. */
  readonly classes: readonly ClassGrowth[];
  /** Largest growth first. */
  readonly holders: readonly HolderGrowth[];
  /** Sentences on what two snapshots cannot tell. */
  readonly unknown: readonly string[];
}
