import { monotonicMs } from '../../session/clock.ts';

/** What is looked at again and again. */
export interface Scheduled {
  readonly name: string;
  readonly intervalMs: number;
}

export interface ScheduleOptions<T extends Scheduled> {
  /** Looks under way at once, at most. */
  readonly concurrency: number;
  /** Share of the interval by which each look comes earlier or later than the beat; 0 to 0.5. */
  readonly jitter: number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** One look, and how long ago its beat was; whatever it rejects with has been dealt with. */
  readonly look: (item: T, beatAgoMs: number) => Promise<void>;
  /** How late a look began, after its time. */
  readonly onStart?: (item: T, latenessMs: number) => void;
  /** Hears of so many beats that were passed over, and how long ago the last of them was. */
  readonly onMissed?: (item: T, beats: number, lastAgoMs: number, why: MissedBeats) => void;
}

/** There was no time to begin; or the look before lasted until after them. */
export type MissedBeats = 'overload' | 'long-look';

interface Entry<T> {
  readonly item: T;
  /** When its beat is, jitter not counted: kept, so that no lateness adds up. */
  beatMs: number;
  dueMs: number;
}

/** A timer is not armed for longer than this: what is added meanwhile, or a clock that stood still, is noticed. */
const LONGEST_SLEEP_MS = 1000;

/**
 * Looks at each item once per interval, spread evenly from the first beat on. A look that lasts longer than the
 * interval skips beats rather than piling up; no item is looked at twice at once.
 */
export class Schedule<T extends Scheduled> {
  readonly #items: readonly T[];
  readonly #options: ScheduleOptions<T>;
  /** A binary heap by due time. */
  readonly #heap: Entry<T>[] = [];
  readonly #running: Set<Promise<void>> = new Set();
  #timer: NodeJS.Timeout | null = null;
  #stopped = false;

  constructor(items: readonly T[], options: ScheduleOptions<T>) {
    this.#items = items;
    this.#options = options;
  }

  start(): void {
    const now = monotonicMs();
    for (const [i, item] of this.#items.entries()) {
      // The first interval spreads the items evenly, so that no two thousand of them knock at once.
      const beatMs = now + (item.intervalMs * i) / this.#items.length;
      push(this.#heap, { item, beatMs, dueMs: beatMs });
    }
    this.#turn();
  }

  /** Begins nothing more; resolves when what is under way has ended. */
  async stop(): Promise<void> {
    this.#stopped = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    await Promise.all(this.#running);
  }

  get underWay(): number {
    return this.#running.size;
  }

  #turn(): void {
    if (this.#stopped) return;
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
    const now = monotonicMs();
    for (;;) {
      const [next] = this.#heap;
      if (next === undefined || this.#running.size >= this.#options.concurrency) return;
      if (next.dueMs > now) {
        this.#timer = setTimeout(() => this.#turn(), Math.min(LONGEST_SLEEP_MS, next.dueMs - now));
        return;
      }
      pop(this.#heap);
      this.#begin(next, now);
    }
  }

  #begin(entry: Entry<T>, now: number): void {
    this.#options.onStart?.(entry.item, now - entry.dueMs);
    const running = this.#options.look(entry.item, now - entry.beatMs).finally(() => {
      this.#running.delete(running);
      this.#again(entry, now);
      this.#turn();
    });
    this.#running.add(running);
  }

  #again(entry: Entry<T>, begunMs: number): void {
    const { intervalMs } = entry.item;
    const now = monotonicMs();
    const beatsUntil = (ms: number): number => Math.max(0, Math.floor((ms - entry.beatMs) / intervalMs));
    const [late, missed] = [beatsUntil(begunMs), beatsUntil(now)];
    const tell = (beats: number, last: number, why: MissedBeats): void => {
      if (beats > 0) this.#options.onMissed?.(entry.item, beats, now - entry.beatMs - last * intervalMs, why);
    };
    tell(late, late, 'overload');
    tell(missed - late, missed, 'long-look');
    entry.beatMs += intervalMs * (missed + 1);
    const { jitter, random } = this.#options;
    entry.dueMs = Math.max(now, entry.beatMs + (random() - 0.5) * 2 * jitter * intervalMs);
    push(this.#heap, entry);
  }
}

function push<T>(heap: Entry<T>[], entry: Entry<T>): void {
  let at = heap.length;
  heap.push(entry);
  while (at > 0) {
    const parent = (at - 1) >> 1;
    const above = heap[parent];
    if (above === undefined || above.dueMs <= entry.dueMs) break;
    heap[at] = above;
    at = parent;
  }
  heap[at] = entry;
}

function pop<T>(heap: Entry<T>[]): void {
  const last = heap.pop();
  if (last === undefined || heap.length === 0) return;
  let at = 0;
  for (;;) {
    const left = 2 * at + 1;
    const right = left + 1;
    const a = heap[left];
    const b = heap[right];
    const [child, at2] = b !== undefined && a !== undefined && b.dueMs < a.dueMs ? [b, right] : [a, left];
    if (child === undefined || child.dueMs >= last.dueMs) break;
    heap[at] = child;
    at = at2;
  }
  heap[at] = last;
}
