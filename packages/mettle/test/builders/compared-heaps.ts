import { compareSnapshots, surveyOf } from '../../src/derive/heap/comparison/index.ts';
import type { HeapComparisonEvidence } from '../../src/evidence/index.ts';
import { SyntheticHeap } from './heap-snapshot.ts';
import type { Thing } from './heap-snapshot.ts';

const shownFile = (file: string): string => file.replace('/srv/', '');

/**
 * A server that keeps sessions in a Map, with something of its own and `sessions` entries. Two heaps that begin alike
 * are of one process; `begins` more objects first make another.
 */
export function sessionServer(begins = 300): { readonly heap: SyntheticHeap; readonly sessions: Thing } {
  const heap = new SyntheticHeap();
  for (let i = 0; i < begins; i++)
    heap.global.has({ [`own${i}`]: heap.object(i % 3 === 0 ? 'Route' : 'Handler') });
  const sessions = heap.map();
  heap.module('/srv/dist/sessions.js', { sessions });
  return { heap, sessions };
}

/** Adds sessions as the server does. */
export function addSessions(heap: SyntheticHeap, sessions: Thing, count: number, bytes = 1000): void {
  for (let i = 0; i < count; i++) {
    const onClose = heap.closure('onClose', '/srv/dist/sessions.js:12:5');
    sessions.contains(heap.object('Session', { onClose, log: heap.array() }, bytes));
  }
}

/** What `mettle leak --compare` finds between two heaps. */
export function comparedHeaps(before: SyntheticHeap, after: SyntheticHeap): HeapComparisonEvidence {
  const { reversed: _, ...comparison } = compareSnapshots(
    surveyOf(before.read(), shownFile),
    after.read(),
    shownFile,
  );
  return {
    ...comparison,
    before: { ...comparison.before, file: 'before.heapsnapshot' },
    after: { ...comparison.after, file: 'after.heapsnapshot' },
  };
}

/** The same process twice: with some sessions, and with `more` added since. */
export function grownSessions(more: number, bytes = 1000): HeapComparisonEvidence {
  const [before, after] = [sessionServer(), sessionServer()];
  addSessions(before.heap, before.sessions, 5, bytes);
  addSessions(after.heap, after.sessions, 5, bytes);
  addSessions(after.heap, after.sessions, more, bytes);
  return comparedHeaps(before.heap, after.heap);
}
