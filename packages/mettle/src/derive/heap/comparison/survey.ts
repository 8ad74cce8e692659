import { highestId } from '../births.ts';
import type { WideColumn } from '../columns.ts';
import { dominatorsOf } from '../dominators.ts';
import { HeapGraph } from '../graph.ts';
import { HeapPlaces } from '../places.ts';
import type { HeapSnapshot } from '../reader.ts';
import { retentionOf } from '../retention.ts';
import { classTotals } from './classes.ts';
import type { ClassTotal } from './classes.ts';
import type { Elements } from './elements.ts';
import { bytesBelow, elementsOfHolders, holderTotals } from './holders.ts';
import type { HolderTotal } from './holders.ts';

/** What is kept of the first snapshot while the second is read: a few bytes per object, no edges. */
export interface HeapSurvey {
  readonly objects: number;
  readonly heapBytes: number;
  readonly fileBytes: number;
  /** See `birthRounds`. */
  readonly fence: number;
  readonly classes: ReadonlyMap<string, ClassTotal>;
  readonly holders: ReadonlyMap<string, HolderTotal>;
  /** What single collections have most of, by id. */
  readonly elements: ReadonlyMap<number, Elements>;
  /** The classes of some objects, by id. */
  readonly sample: ReadonlyMap<number, string>;
  readonly ids: WideColumn;
  readonly retainedSize: Float64Array;
}

/** So many objects tell surely whether two snapshots are of one process. */
const SAMPLE = 50_000;

/** Takes from a snapshot what a comparison needs of the earlier one. */
export function surveyOf(snapshot: HeapSnapshot, shownFile: (file: string) => string): HeapSurvey {
  const graph = new HeapGraph(snapshot);
  const places = new HeapPlaces(graph);
  const retention = retentionOf(graph);
  const fence = highestId(snapshot);
  const bytes = bytesBelow(graph, retention);
  return {
    objects: snapshot.nodeCount,
    heapBytes: totalBytes(graph),
    fileBytes: snapshot.bytes,
    fence,
    classes: classTotals(graph, places, null, shownFile),
    holders: holderTotals(graph, retention, places, bytes),
    elements: elementsOfHolders(graph, retention, bytes),
    sample: sampleOf(graph),
    ids: snapshot.id,
    retainedSize: dominatorsOf(graph).retainedSize,
  };
}

/** Own sizes of all objects. */
export function totalBytes(graph: HeapGraph): number {
  let bytes = 0;
  for (let node = 0; node < graph.nodeCount; node++) bytes += graph.selfSize(node);
  return bytes;
}

/** What an object with a known id has to be in another snapshot of the same process as well. */
export function sampledClass(graph: HeapGraph, node: number): string {
  return `${graph.kind(node)} ${graph.kind(node) === 'string' ? '' : graph.name(node)}`;
}

function sampleOf(graph: HeapGraph): ReadonlyMap<number, string> {
  const step = Math.max(1, Math.ceil(graph.nodeCount / SAMPLE));
  const sample = new Map<number, string>();
  for (let node = 0; node < graph.nodeCount; node++) {
    const id = graph.id(node);
    if (id % 2 === 0 || ((id - 1) / 2) % step !== 0) continue;
    sample.set(id, sampledClass(graph, node));
  }
  return sample;
}
