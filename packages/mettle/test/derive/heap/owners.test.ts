import { describe, expect, test } from 'vitest';
import {
  birthRounds,
  growthByOwner,
  HeapGraph,
  highestId,
  NONE,
  retentionOf,
} from '../../../src/derive/heap/index.ts';
import type { GrowthByOwner } from '../../../src/derive/heap/index.ts';
import { SyntheticHeap } from '../../builders/heap-snapshot.ts';
import type { Thing } from '../../builders/heap-snapshot.ts';

function growth(heap: SyntheticHeap, fences: readonly number[]): GrowthByOwner {
  const snapshot = heap.read();
  const graph = new HeapGraph(snapshot);
  return growthByOwner(graph, retentionOf(graph), birthRounds(snapshot, fences), fences.length);
}

/** `Session 2,3`: new ones per round that the owner holds itself. */
function tops(heap: SyntheticHeap, fences: readonly number[], owner: Thing): readonly string[] {
  const group = growth(heap, fences).owners.find((each) => each.owner === heap.place(owner));
  return (group?.classes ?? [])
    .filter(({ top }) => top !== NONE)
    .map((count) => `${count.className} ${[...count.tops].slice(1).join()}`);
}

describe('births', () => {
  test('a node is of the round of the fences below its id', () => {
    const id = Uint32Array.from([1, 3, 5, 7, 9, 11]);
    expect([...birthRounds({ id, nodeCount: 6 }, [3, 7])]).toEqual([0, 0, 1, 1, 2, 2]);
  });

  test('even ids are hashes of native objects: they neither make a fence nor a birth', () => {
    const id = Uint32Array.from([1, 3, 4_000_000_000, 9]);
    expect(highestId({ id, nodeCount: 4 })).toBe(9);
    expect([...birthRounds({ id, nodeCount: 4 }, [3])]).toEqual([0, 0, 0, 1]);
  });
});

describe('growth by owner', () => {
  test('new entries are counted at the old Map, by round, with what they hold below them', () => {
    const heap = new SyntheticHeap();
    const sessions = heap.map();
    heap.module('/srv/a.js', { sessions });
    const fences = [heap.fence()];
    for (let i = 0; i < 2; i++) sessions.contains(heap.object('Session', { log: heap.array() }));
    fences.push(heap.fence());
    for (let i = 0; i < 3; i++) sessions.contains(heap.object('Session', { log: heap.array() }));
    expect(tops(heap, fences, sessions)).toEqual(['Session 2,3']);
    const group = growth(heap, fences).owners[0];
    expect(group?.classes.find(({ className }) => className === 'Array')?.objects).toEqual(
      Uint32Array.from([0, 2, 3]),
    );
    expect([...(group?.bytes ?? [])]).toEqual([0, 112 + 64, 168]);
  });

  test('a table that was made anew belongs to its Map', () => {
    const heap = new SyntheticHeap();
    const sessions = heap.object('Map');
    heap.module('/srv/a.js', { sessions });
    const fences = [heap.fence()];
    sessions.contains(heap.object('Session'), heap.object('Session'));
    expect(tops(heap, fences, sessions)).toEqual(['Session 2']);
  });

  test('texts count as one class, whatever they say', () => {
    const heap = new SyntheticHeap();
    const seen = heap.array();
    heap.module('/srv/a.js', { seen });
    const fences = [heap.fence()];
    seen.contains(heap.string('a'), heap.string('b'), heap.string('c'));
    expect(tops(heap, fences, seen)).toEqual(['(string) 3']);
  });

  test('each new link of a list is a top of what holds the list', () => {
    const heap = new SyntheticHeap();
    const list = heap.object('Job');
    const queue = heap.object('Queue', { head: list });
    heap.module('/srv/a.js', { queue });
    const fences = [heap.fence()];
    let last = list;
    for (let i = 0; i < 3; i++) {
      const next = heap.object('Job');
      last.has({ next });
      last = next;
    }
    expect(tops(heap, fences, queue)).toEqual(['Job 3']);
  });

  /** Closures of one function, each with the one before it in its variables: `undo = () => previous()`. */
  function chainOfClosures(
    heap: SyntheticHeap,
    scope: Thing,
    length: number,
    isOneFunction: boolean,
  ): Thing[] {
    const code = heap.thing('code', 'undo', 56);
    let before: Thing | null = null;
    return Array.from({ length }, () => {
      const own = isOneFunction ? code : heap.thing('code', 'undo', 56);
      const variables = heap.scope('remember', scope, before === null ? {} : { previous: before });
      before = heap
        .thing('closure', 'undo', 56)
        .holds('internal', 'shared', own)
        .holds('internal', 'context', variables);
      return before;
    });
  }

  test('each closure that keeps the one before it is a top of the scope that has the newest', () => {
    const heap = new SyntheticHeap();
    const scope = heap.module('/srv/a.js', {});
    const fences = [heap.fence()];
    const [newest] = chainOfClosures(heap, scope, 3, true).toReversed();
    scope.holds('context', 'undo', newest as Thing);
    expect(tops(heap, fences, scope)).toEqual(['undo 3']);
  });

  test('a function in the variables of another one is part of that', () => {
    const heap = new SyntheticHeap();
    const scope = heap.module('/srv/a.js', {});
    const fences = [heap.fence()];
    const [newest] = chainOfClosures(heap, scope, 3, false).toReversed();
    scope.holds('context', 'undo', newest as Thing);
    expect(tops(heap, fences, scope)).toEqual(['undo 1']);
  });

  test('what is not held any more is not counted', () => {
    const heap = new SyntheticHeap();
    const cache = heap.map();
    heap.module('/srv/a.js', { cache });
    const fences = [heap.fence()];
    cache.holds('weak', '9', heap.object('Session'));
    expect(growth(heap, fences).owners).toEqual([]);
  });
});
