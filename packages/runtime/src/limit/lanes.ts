import type { RuntimeError } from '../errors.ts';
import type { Bound } from './gate.ts';

/** A call that waits for its turn. */
export interface Waiter {
  readonly bounds: readonly Bound[];
  readonly enter: () => void;
  readonly refuse: (error: RuntimeError) => void;
  readonly lane: Lane;
  before: Waiter | undefined;
  after: Waiter | undefined;
}

interface Lane {
  readonly key: string;
  first: Waiter | undefined;
  last: Waiter | undefined;
  length: number;
}

/** First come, first served within a lane; one each, in turns, between lanes. */
export class Lanes {
  /** In the order of their turns: a lane that was served goes to the end. */
  readonly #lanes = new Map<string, Lane>();
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(bounds: readonly Bound[], key: string, then: Pick<Waiter, 'enter' | 'refuse'>): Waiter {
    let lane = this.#lanes.get(key);
    if (lane === undefined) {
      lane = { key, first: undefined, last: undefined, length: 0 };
      this.#lanes.set(key, lane);
    }
    const waiter: Waiter = { bounds, ...then, lane, before: lane.last, after: undefined };
    if (lane.last === undefined) lane.first = waiter;
    else lane.last.after = waiter;
    lane.last = waiter;
    lane.length++;
    this.#size++;
    return waiter;
  }

  /** Takes the next who fits: in a lane, one who does not fit holds up only those who need the same. */
  take(fits: (bounds: readonly Bound[]) => boolean): Waiter | undefined {
    for (const lane of this.#lanes.values()) {
      for (let waiter = lane.first; waiter !== undefined; waiter = waiter.after) {
        if (!fits(waiter.bounds)) continue;
        this.remove(waiter);
        if (lane.length > 0) {
          this.#lanes.delete(lane.key);
          this.#lanes.set(lane.key, lane);
        }
        return waiter;
      }
    }
    return undefined;
  }

  /** Takes out one who gave up; those behind move up. */
  remove(waiter: Waiter): void {
    const { lane, before, after } = waiter;
    if (before === undefined && after === undefined && lane.first !== waiter) return;
    if (before === undefined) lane.first = after;
    else before.after = after;
    if (after === undefined) lane.last = before;
    else after.before = before;
    waiter.before = undefined;
    waiter.after = undefined;
    this.#size--;
    if (--lane.length === 0) this.#lanes.delete(lane.key);
  }

  /** The last of the longest lane, when that lane has at least two more than the given one. */
  lastOfLongest(comparedWith: string): Waiter | undefined {
    let longest: Lane | undefined;
    for (const lane of this.#lanes.values()) if (lane.length > (longest?.length ?? 0)) longest = lane;
    const own = this.#lanes.get(comparedWith)?.length ?? 0;
    return longest !== undefined && longest.length >= own + 2 ? longest.last : undefined;
  }

  /** Empties all lanes. */
  drain(): Waiter[] {
    const all = [...this.#lanes.values()].flatMap((lane) => {
      const waiters: Waiter[] = [];
      for (let waiter = lane.first; waiter !== undefined; waiter = waiter.after) waiters.push(waiter);
      return waiters;
    });
    for (const waiter of all) this.remove(waiter);
    return all;
  }
}
