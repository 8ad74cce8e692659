import type { TimeSlot } from '../../evidence/index.ts';
import { LatencyHistogram } from '../../stats/index.ts';

/** A run of any length fits a picture. */
const MOST_SLOTS = 400;
const SHORTEST_SLOT_MS = 250;

/** What happened when, slot by slot. */
export class Timeline {
  readonly slotMs: number;
  readonly #slots: TimeSlot[] = [];
  readonly #latencies: LatencyHistogram = new LatencyHistogram();
  readonly #startMs: number;
  #slotStartMs: number;
  #started = 0;
  #ok = 0;
  #failed = 0;

  constructor(startMs: number, expectedMs: number) {
    this.#startMs = startMs;
    this.#slotStartMs = startMs;
    this.slotMs = Math.max(SHORTEST_SLOT_MS, expectedMs / MOST_SLOTS);
  }

  /** The last slot that is complete; null before the first. */
  get latest(): TimeSlot | null {
    return this.#slots.at(-1) ?? null;
  }
  get slots(): readonly TimeSlot[] {
    return this.#slots;
  }

  started(): void {
    this.#started++;
  }

  succeeded(latencyMs: number): void {
    this.#ok++;
    this.#latencies.record(latencyMs);
  }

  failed(): void {
    this.#failed++;
  }

  /** Ends the slot when its time is over (or at once); true when it did. */
  turn(nowMs: number, inFlight: number, atOnce = false): boolean {
    const durationMs = nowMs - this.#slotStartMs;
    if (durationMs < this.slotMs && !(atOnce && durationMs > 0)) return false;
    // Not all quantiles: a histogram's mean takes milliseconds, which calls under way would wait for.
    const at = (percent: number): number | null =>
      this.#ok === 0 ? null : this.#latencies.percentileMs(percent);
    this.#slots.push({
      atMs: this.#slotStartMs - this.#startMs,
      durationMs,
      started: this.#started,
      ok: this.#ok,
      failed: this.#failed,
      p50Ms: at(50),
      p99Ms: at(99),
      maxMs: at(100),
      inFlight,
    });
    this.#latencies.clear();
    this.#slotStartMs = nowMs;
    this.#started = 0;
    this.#ok = 0;
    this.#failed = 0;
    return true;
  }
}
