import type { Frame, OverlapRecord } from '../evidence/index.ts';
import type { Gap, Lane, Moment, Operation } from './lanes.ts';
import type { OverlapOptions } from './protocol.ts';
import { framesOf } from './stack.ts';
import type { Sites } from './stack.ts';

/** A gap shorter than this is scheduling, not waiting for anybody. */
const MIN_WAIT_MS = 1;
/** Different places told of each kind, most frequent first. */
const MAX_PLACES = 20;

/** Reads off the counts: all from the order of events, none from how long anything took. */
export function summarise(
  options: OverlapOptions,
  lanes: readonly Lane[],
  operations: readonly Operation[],
  gaps: readonly Gap[],
): OverlapRecord {
  // A guard timer that never fired carried nothing, nor did what outlived the reply.
  const carried = operations.filter(
    ({ lane, ended, counts }) => counts && lane !== null && ended !== null && !isAfter(ended, lane.replied),
  );
  const own = carried.some(({ long }) => !long) ? carried.filter(({ long }) => !long) : carried;
  // Waits within Node itself (fetch compiling its parser) stand at no line of the target's.
  const waits = gaps
    .map((gap) => ({ ...gap, waitedMs: uncoveredMs(gap, operations) }))
    .filter(({ waitedMs, sites }) => waitedMs >= MIN_WAIT_MS && framesOf(sites).length > 0);
  const owners = new Set(own.map(({ lane }) => lane));
  return {
    name: options.subject,
    inFlight: options.inFlight,
    maxOutstanding: mostLanesAtOnce(own),
    callsWithoutOperation: lanes.filter((lane) => !owners.has(lane)).length,
    waits: groupByPlace(
      waits,
      () => '',
      (group) => group.reduce((sum, { waitedMs }) => sum + waitedMs, 0),
    ).map(({ count, weight, stack }) => ({ count, waitedMs: weight, stack })),
    holders: groupByPlace(
      operations.filter(
        (operation) =>
          operation.counts && waits.some((wait) => wait.lane !== operation.lane && overlaps(operation, wait)),
      ),
      ({ kind }) => kind,
      (group) => group.length,
    ).map(({ key, count, stack }) => ({ kind: key, count, stack })),
  };
}

function isAfter(moment: Moment, other: Moment | null): boolean {
  return other !== null && moment.step > other.step;
}

/** How much of the gap the call did not spend on something that it had started itself. */
function uncoveredMs({ lane, from, to }: Gap, operations: readonly Operation[]): number {
  let coveredMs = 0;
  let coveredTo = from.atMs;
  for (const { lane: owner, began, ended } of operations) {
    if (owner !== lane || ended === null || ended.step < from.step || began.step > to.step) continue;
    const start = Math.max(began.atMs, coveredTo);
    // What completed in the turn in which the call went on is what it went on for.
    const end = ended.turn >= to.turn ? to.atMs : ended.atMs;
    if (end <= start) continue;
    coveredMs += end - start;
    coveredTo = end;
  }
  return to.atMs - from.atMs - coveredMs;
}

function overlaps({ began, ended }: Operation, { from, to }: Gap): boolean {
  return began.step < to.step && (ended === null || ended.step > from.step);
}

function mostLanesAtOnce(operations: readonly Operation[]): number {
  const changes = operations
    .flatMap(({ lane, began, ended }) => [
      { lane, step: began.step, by: 1 },
      { lane, step: ended?.step ?? Infinity, by: -1 },
    ])
    .toSorted((a, b) => a.step - b.step);
  const outstanding = new Map<Lane | null, number>();
  let most = 0;
  for (const { lane, by } of changes) {
    const count = (outstanding.get(lane) ?? 0) + by;
    if (count === 0) outstanding.delete(lane);
    else outstanding.set(lane, count);
    most = Math.max(most, outstanding.size);
  }
  return most;
}

interface Place {
  readonly key: string;
  readonly count: number;
  readonly weight: number;
  readonly stack: readonly Frame[];
}

/** Groups by key and stack, most frequent first. */
function groupByPlace<T extends { readonly sites: Sites }>(
  items: readonly T[],
  keyOf: (item: T) => string,
  weigh: (group: readonly T[]) => number,
): Place[] {
  const groups = new Map<
    string,
    { readonly key: string; readonly stack: readonly Frame[]; readonly items: T[] }
  >();
  for (const item of items) {
    const stack = framesOf(item.sites);
    const key = keyOf(item);
    const place = `${key}\n${stack.map(({ file, line, column }) => `${file}:${line}:${column}`).join('\n')}`;
    const group = groups.get(place) ?? { key, stack, items: [] };
    group.items.push(item);
    groups.set(place, group);
  }
  return [...groups.values()]
    .map(({ key, stack, items: group }) => ({ key, stack, count: group.length, weight: weigh(group) }))
    .toSorted((a, b) => b.count - a.count || b.weight - a.weight)
    .slice(0, MAX_PLACES);
}
