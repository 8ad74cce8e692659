import type { HandleGrowth, HeapGrowth } from '../../evidence/index.ts';

/** The patterns of leaks, the most exact first: of two that fit, the first one is told. */
export const LEAK_PATTERNS = [
  'session-leak',
  'interval-accumulation',
  'listener-leak',
  'handle-leak',
  'pending-promise-leak',
  'timer-leak',
  'unbounded-cache',
  'external-memory-leak',
  'collection-leak',
  'heap-leak',
] as const;
export type LeakPattern = (typeof LEAK_PATTERNS)[number];

/** From this share on the bytes outside V8's heap are what is leaked, and the objects that hold them are not. */
const MOSTLY_OUTSIDE = 0.5;
/** Of what is kept, so many have it: the others came otherwise. */
const MOSTLY = 0.5;
/** A Buffer's own objects take about 100 bytes; below ten times that there is no buffer worth the name. */
const OUTSIDE_BYTES = 1024;

/** What the growth is an instance of. */
export function patternOf(growth: HeapGrowth): LeakPattern {
  const { element, owner } = growth;
  if (growth.subject?.kind === 'session') return 'session-leak';
  if (element.kind === 'interval') return 'interval-accumulation';
  if (isListening(growth)) return 'listener-leak';
  if (element.kind === 'handle') return 'handle-leak';
  if (isWaiting(growth)) return 'pending-promise-leak';
  if (element.kind === 'timeout') return 'timer-leak';
  // A cache of pictures is mended as a cache, wherever its bytes are.
  if (growth.keyed === true && isContainer(growth)) return 'unbounded-cache';
  if (isOutside(growth)) return 'external-memory-leak';
  return owner !== null && isContainer(growth) ? 'collection-leak' : 'heap-leak';
}

/** Which of two patterns is the more exact: negative when the first. */
export function byExactness(a: LeakPattern, b: LeakPattern): number {
  return LEAK_PATTERNS.indexOf(a) - LEAK_PATTERNS.indexOf(b);
}

/** Pending timers are on the runtime's lists, and told there. */
export function isResource(handle: HandleGrowth): boolean {
  return handle.kind !== 'timer';
}

function isListening({ element, owner }: HeapGrowth): boolean {
  return element.kind === 'listener' || owner?.kind === 'event-emitter' || owner?.kind === 'event-target';
}

/**
 * Promises that were settled may be kept by a cache; what waits for one that never is, is a suspended function. A timer that
 * a function awaits is told as the timer.
 */
function isWaiting({ element, owner, holds, keyed, objectsPerCall }: HeapGrowth): boolean {
  if (owner?.kind === 'promise') return true;
  if (keyed === true || element.kind === 'timeout') return false;
  if (element.kind === 'promise') return true;
  const suspended = holds
    .filter(({ kind, className }) => kind === 'promise' && className.startsWith('suspended'))
    .reduce((sum, { perCall }) => sum + perCall, 0);
  return suspended > 0 && suspended >= MOSTLY * objectsPerCall;
}

function isContainer({ owner }: HeapGrowth): boolean {
  return owner !== null && ['map', 'set', 'array', 'object', 'numbers'].includes(owner.kind);
}

function isOutside({ element, externalBytesPerCall, bytesPerCall }: HeapGrowth): boolean {
  if (externalBytesPerCall < OUTSIDE_BYTES) return false;
  return element.kind === 'buffer' || externalBytesPerCall >= MOSTLY_OUTSIDE * bytesPerCall;
}
