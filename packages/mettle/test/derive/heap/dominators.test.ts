import { describe, expect, test } from 'vitest';
import { dominatorsOf, HeapGraph, NONE } from '../../../src/derive/heap/index.ts';
import { seededRandom } from '../../../src/stats/index.ts';
import { SyntheticHeap } from '../../builders/heap-snapshot.ts';
import type { Thing } from '../../builders/heap-snapshot.ts';

/** What goes when `gone` goes, by definition: all that can no longer be reached. */
function freedWithout(graph: HeapGraph, gone: number): number {
  const { firstEdge, edgeTo } = graph.snapshot;
  const reach = (without: number): number => {
    const seen = new Set([0]);
    let bytes = 0;
    for (const node of seen) {
      if (node === without) continue;
      bytes += graph.selfSize(node);
      for (let edge = firstEdge[node] as number; edge < (firstEdge[node + 1] as number); edge++)
        if (graph.retains(node, edge)) seen.add(edgeTo[edge] as number);
    }
    return bytes;
  };
  return reach(NONE) - reach(gone);
}

describe('dominators', () => {
  test('a thing held from two sides belongs to where they part', () => {
    const heap = new SyntheticHeap();
    const shared = heap.object('Shared', {}, 1000);
    const left = heap.object('Left', { shared }, 10);
    const right = heap.object('Right', { shared }, 20);
    const both = heap.object('Both', { left, right }, 30);
    heap.global.has({ both });
    const graph = new HeapGraph(heap.read());
    const { dominator, retainedSize } = dominatorsOf(graph);
    expect(dominator[heap.place(shared)]).toBe(heap.place(both));
    expect(retainedSize[heap.place(left)]).toBe(10);
    expect(retainedSize[heap.place(both)]).toBe(1060);
    expect(dominator[0]).toBe(NONE);
  });

  test('what only weak edges reach is nobody’s', () => {
    const heap = new SyntheticHeap();
    const weak = heap.object('Weak', {}, 500);
    heap.global.holds('weak', 'cache', weak);
    const { dominator, retainedSize } = dominatorsOf(new HeapGraph(heap.read()));
    expect(dominator[heap.place(weak)]).toBe(NONE);
    expect(retainedSize[heap.place(weak)]).toBe(0);
  });

  test.each([1, 2, 3, 4, 5, 6])(
    'retained sizes are what a collection would free (random heap %i)',
    (seed) => {
      const random = seededRandom(seed);
      const heap = new SyntheticHeap();
      const things = Array.from({ length: 60 }, (_, i) =>
        heap.object(`Class${i}`, {}, 1 + Math.floor(random() * 100)),
      );
      const any = (): Thing => things[Math.floor(random() * things.length)] as Thing;
      heap.global.has({ a: any(), b: any(), c: any() });
      for (let i = 0; i < 90; i++) any().holds(random() < 0.1 ? 'weak' : 'property', `p${i}`, any());
      const graph = new HeapGraph(heap.read());
      const { retainedSize } = dominatorsOf(graph);
      const expected = Array.from({ length: graph.nodeCount }, (_, node) => freedWithout(graph, node));
      expect([...retainedSize]).toEqual(expected);
    },
  );

  test('a list of twenty thousand links takes neither a stack nor the square of it', () => {
    const heap = new SyntheticHeap();
    const links = Array.from({ length: 20_000 }, () => heap.object('Link', {}, 10));
    links.forEach((link, i) => {
      const next = links[i + 1];
      if (next !== undefined) link.has({ next });
      if (i > 0) link.has({ head: links[0] as Thing });
    });
    heap.global.has({ head: links[0] as Thing });
    const { retainedSize } = dominatorsOf(new HeapGraph(heap.read()));
    const head = heap.place(links[0] as Thing);
    expect(retainedSize[head]).toBe(200_000);
    expect(retainedSize[head + 19_999]).toBe(10);
  });
});
