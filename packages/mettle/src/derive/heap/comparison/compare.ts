import type { ClassGrowth, HeapComparisonEvidence, HolderGrowth } from '../../../evidence/index.ts';
import { birthRounds, highestId } from '../births.ts';
import { dominatorsOf } from '../dominators.ts';
import { HeapGraph } from '../graph.ts';
import { HeapPlaces } from '../places.ts';
import type { HeapSnapshot } from '../reader.ts';
import { retentionOf } from '../retention.ts';
import { classTotals } from './classes.ts';
import type { ClassTotal } from './classes.ts';
import { grownHolders, grownOwners } from './grown.ts';
import { sampledClass, totalBytes } from './survey.ts';
import type { HeapSurvey } from './survey.ts';
import { whatIsUnknown } from './unknown.ts';

/** All of a comparison but the names of the files. */
export type HeapComparison = Omit<HeapComparisonEvidence, 'before' | 'after'> & {
  readonly before: Omit<HeapComparisonEvidence['before'], 'file'>;
  readonly after: Omit<HeapComparisonEvidence['after'], 'file'>;
  /** One process, and what is called the first snapshot is the later one. */
  readonly reversed: boolean;
};

/**
 * In one process every object keeps its id, so that all agree; two processes of one small program were seen to agree in
 * up to 96 of 100.
 */
const SAME_PROCESS = 0.999;
/** Fewer would not tell. */
const FEWEST_COMPARED = 100;
const MOST_CLASSES = 30;

/**
 * What grew between the snapshot of the survey and a later one. `taken`: `'of-one-process'` when whoever compares took both
 * itself; else the ids tell.
 */
export function compareSnapshots(
  before: HeapSurvey,
  snapshot: HeapSnapshot,
  shownFile: (file: string) => string,
  taken: 'of-one-process' | 'somewhere' = 'somewhere',
): HeapComparison {
  const graph = new HeapGraph(snapshot);
  const places = new HeapPlaces(graph);
  const retention = retentionOf(graph);
  const highest = highestId(snapshot);
  const agreement = idsThatAgree(before, graph, highest);
  // A few objects change their class while they live: what is known need not be told from numbers.
  const sameProcess =
    taken === 'of-one-process' || (agreement.compared >= FEWEST_COMPARED && agreement.share >= SAME_PROCESS);
  const births = sameProcess ? birthRounds(snapshot, [before.fence]) : null;
  const seen = { graph, places, retention, before, shownFile };
  const holders: readonly HolderGrowth[] =
    births === null ? grownHolders(seen) : grownOwners(seen, births, dominatorsOf(graph).retainedSize);
  return {
    before: { fileBytes: before.fileBytes, objects: before.objects, heapBytes: before.heapBytes },
    after: { fileBytes: snapshot.bytes, objects: snapshot.nodeCount, heapBytes: totalBytes(graph) },
    reversed: sameProcess && highest < before.fence,
    sameProcess,
    idsAgree: agreement.share,
    ...newOnes(graph, births),
    classes: grownClasses(before.classes, classTotals(graph, places, births, shownFile), sameProcess),
    holders,
    unknown: whatIsUnknown(sameProcess, agreement.share),
  };
}

/**
 * Of the younger half of the ids that both may have: processes of one program begin alike, and V8 numbers what they begin
 * with alike.
 */
function idsThatAgree(
  { sample, fence }: HeapSurvey,
  graph: HeapGraph,
  highest: number,
): { readonly share: number; readonly compared: number } {
  const from = Math.min(fence, highest) / 2;
  let compared = 0;
  let agree = 0;
  for (let node = 0; node < graph.nodeCount; node++) {
    const id = graph.id(node);
    const known = id < from ? undefined : sample.get(id);
    if (known === undefined) continue;
    compared++;
    if (known === sampledClass(graph, node)) agree++;
  }
  return { share: compared === 0 ? 0 : agree / compared, compared };
}

function newOnes(
  graph: HeapGraph,
  births: Uint8Array | null,
): { readonly newObjects: number | null; readonly newBytes: number | null } {
  if (births === null) return { newObjects: null, newBytes: null };
  let newObjects = 0;
  let newBytes = 0;
  for (let node = 0; node < graph.nodeCount; node++) {
    if (births[node] !== 1) continue;
    newObjects++;
    newBytes += graph.selfSize(node);
  }
  return { newObjects, newBytes };
}

/** Classes whose objects take more than before, most first; none that only V8 could make fewer goes before a user's. */
function grownClasses(
  before: ReadonlyMap<string, ClassTotal>,
  after: ReadonlyMap<string, ClassTotal>,
  sameProcess: boolean,
): readonly ClassGrowth[] {
  const rows: ClassGrowth[] = [];
  for (const [key, now] of after) {
    const then = before.get(key);
    const row = {
      className: now.className,
      kind: now.kind,
      place: now.place,
      before: then?.objects ?? 0,
      after: now.objects,
      bytesBefore: then?.bytes ?? 0,
      bytesAfter: now.bytes,
      newObjects: sameProcess ? now.newObjects : null,
    };
    if (row.after > row.before || row.bytesAfter > row.bytesBefore) rows.push(row);
  }
  return rows
    .toSorted((a, b) => b.bytesAfter - b.bytesBefore - (a.bytesAfter - a.bytesBefore) || b.after - a.after)
    .slice(0, MOST_CLASSES);
}
