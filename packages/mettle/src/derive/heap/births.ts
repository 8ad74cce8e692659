import type { HeapSnapshot } from './reader.ts';

/**
 * When each node was made, told by V8's ids, which only rise while snapshots are taken of one process. `fences` are the
 * highest ids of the earlier snapshots (see `highestId`), in their order; the round of a node is the number of fences
 * below its id: 0 for what lived at the first of them already, `fences.length` for what is younger than the last.
 *
 * Even ids are hashes of native objects, not counted: these nodes are of round 0.
 */
export function birthRounds(
  snapshot: Pick<HeapSnapshot, 'id' | 'nodeCount'>,
  fences: readonly number[],
): Uint8Array {
  if (fences.length > 255) throw new RangeError('A heap is divided by at most 255 fences.');
  const { id, nodeCount } = snapshot;
  const births = new Uint8Array(nodeCount);
  for (let node = 0; node < nodeCount; node++) {
    const nodeId = id[node] as number;
    if (nodeId % 2 === 0) continue;
    let round = 0;
    while (round < fences.length && nodeId > (fences[round] as number)) round++;
    births[node] = round;
  }
  return births;
}

/** The fence that a snapshot makes for later ones: the highest id of its odd ones. */
export function highestId(snapshot: Pick<HeapSnapshot, 'id' | 'nodeCount'>): number {
  let highest = 0;
  for (let node = 0; node < snapshot.nodeCount; node++) {
    const nodeId = snapshot.id[node] as number;
    if (nodeId > highest && nodeId % 2 === 1) highest = nodeId;
  }
  return highest;
}
