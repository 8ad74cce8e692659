import { NONE } from '../graph.ts';
import type { HeapGraph } from '../graph.ts';
import type { ClassCount, OwnerGrowth } from '../owners.ts';
import { isRepeating, numberIn } from './describe.ts';

/** A timer that each element holds, which may be what takes it away. */
export interface HeldTimer {
  readonly callbackId: number;
  readonly delayMs: number;
}

/** Of a session's timers one is its own; a few sockets and requests of Node's have some too. */
const OF_EACH = 0.9;

/** The pending timer that each of the owner's new elements holds; null when they hold none, or not each. */
export function heldTimerOf(
  graph: HeapGraph,
  { classes }: OwnerGrowth,
  elements: ClassCount,
): HeldTimer | null {
  const timers = classes.find(({ example }) => graph.name(example) === 'Timeout');
  if (timers === undefined || timers.tops.some((count) => count > 0)) return null;
  const { example } = timers;
  if (sum(timers.objects) < OF_EACH * sum(elements.tops) || isRepeating(graph, example)) return null;
  const callback = graph.follow(example, '_onTimeout');
  const delayMs = numberIn(graph, example, '_idleTimeout');
  if (callback === NONE || graph.kind(callback) !== 'closure' || delayMs === null || delayMs <= 0)
    return null;
  return { callbackId: graph.id(callback), delayMs };
}

function sum(counts: Iterable<number>): number {
  let total = 0;
  for (const count of counts) total += count;
  return total;
}
