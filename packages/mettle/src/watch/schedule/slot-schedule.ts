import { lastSlotMs, offsetMs } from './slots.ts';
import type { Scheduled } from './schedule.ts';

export interface SlotScheduleOptions<T extends Scheduled> {
  readonly region: string;
  /** Looks under way at once, at most. */
  readonly concurrency: number;
  /** Whether it is for this process to look at it, as things stand. */
  readonly isMine: (item: T) => boolean;
  /** Hears of slots that passed before there was time for them, both ends included. */
  readonly onMissed: (item: T, fromMs: number, toMs: number) => void;
  readonly take: (item: T, slotMs: number) => Promise<unknown>;
}

/** A look is late by so much, at most, for want of a finer clock. */
const TURN_MS = 100;

/** Takes the slots by this process' own clock, while there is nobody to hand them out. */
export class SlotSchedule<T extends Scheduled> {
  readonly #options: SlotScheduleOptions<T>;
  readonly #items: readonly { readonly item: T; readonly offset: number }[];
  readonly #taken: Map<string, number> = new Map();
  readonly #running: Set<Promise<unknown>> = new Set();
  #timer: NodeJS.Timeout | null = null;
  #afterMs = 0;

  constructor(items: readonly T[], options: SlotScheduleOptions<T>) {
    this.#options = options;
    this.#items = items.map((item) => ({ item, offset: offsetMs(item, options.region) }));
  }

  /** Begins with the slots after that time; one that has passed is taken late, the last of each item only. */
  start(afterMs: number): void {
    if (this.#timer !== null) return;
    this.#taken.clear();
    this.#afterMs = afterMs;
    this.#timer = setInterval(() => this.#turn(afterMs), TURN_MS);
    this.#turn(afterMs);
  }

  /** Takes what is due by now and begins nothing more: whoever hands out slots from now on does not look back. */
  handOver(): void {
    if (this.#timer === null) return;
    this.#turn(this.#afterMs);
    this.#halt();
  }

  /** Begins nothing more. */
  async stop(): Promise<void> {
    this.#halt();
    await Promise.all(this.#running);
  }

  #halt(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.#timer = null;
  }

  #turn(afterMs: number): void {
    const { concurrency, isMine, onMissed, take } = this.#options;
    const now = Date.now();
    for (const { item, offset } of this.#items) {
      if (this.#running.size >= concurrency) return;
      const slot = lastSlotMs(item.intervalMs, offset, now);
      if (slot <= afterMs || this.#taken.get(item.name) === slot || !isMine(item)) continue;
      const before = this.#taken.get(item.name) ?? slot;
      if (slot - before > Math.round(item.intervalMs)) onMissed(item, before + 1, slot - 1);
      this.#taken.set(item.name, slot);
      const running = take(item, slot).finally(() => this.#running.delete(running));
      this.#running.add(running);
    }
  }
}
