import type { LatencyRecord, OutcomeCounts, Subject, TimedCall } from '../evidence/index.ts';
import type { Reply } from '../session/session.ts';
import { LatencyHistogram } from '../stats/index.ts';
import type { TargetClock } from './load.ts';
import { OutcomeTally } from './outcomes.ts';

/** As many of the slowest calls as a report can explain one by one. */
const SLOWEST_KEPT = 50;

/** Readings of the target's clocks at one moment. */
export interface ClockReading {
  readonly main: ReturnType<TargetClock['mainThread']>;
  readonly tree: ReturnType<TargetClock['processTree']>;
}
export function readClock(clock: TargetClock): ClockReading {
  return { main: clock.mainThread(), tree: clock.processTree() };
}

/** What the target used between two readings; null where either could not be read. */
export function usedBetween(
  before: ClockReading,
  after: ClockReading,
): {
  readonly mainCpuMs: number | null;
  readonly processCpuMs: number | null;
  readonly hostDelayMs: number | null;
} {
  return {
    mainCpuMs: difference(before.main?.cpuMs, after.main?.cpuMs),
    processCpuMs: difference(before.tree?.cpuMs, after.tree?.cpuMs),
    hostDelayMs: difference(before.main?.hostDelayMs, after.main?.hostDelayMs),
  };
}

export function difference(before: number | undefined, after: number | undefined): number | null {
  return before === undefined || after === undefined ? null : after - before;
}

/** Gathers the timed calls of one subject. */
export class LatencyTally {
  readonly subject: Subject;
  readonly #outcomes = new OutcomeTally();
  readonly #histogram = new LatencyHistogram();
  readonly #slowest: TimedCall[] = [];
  #slowestFloorMs = -1;
  #cpuCalls = 0;
  #mainCpuMs: number | null = 0;
  #processCpuMs: number | null = 0;

  constructor(subject: Subject) {
    this.subject = subject;
  }

  get calls(): number {
    return this.#outcomes.calls;
  }

  get successes(): number {
    return this.#outcomes.successes;
  }

  /** Successful calls that were timed. */
  get timed(): number {
    return this.#histogram.count;
  }

  /** Counts a call that is not timed, such as one to warm up. True when it succeeded. */
  count(reply: Reply): boolean {
    return this.#outcomes.add(reply);
  }

  /** Counts a call; its time is kept among the slowest, and in the histogram when it succeeded. True when it did. */
  record(reply: Reply, hostDelayMs: number | null): boolean {
    const ok = this.#outcomes.add(reply);
    if (ok) this.#histogram.record(reply.latencyMs);
    if (reply.latencyMs > this.#slowestFloorMs || this.#slowest.length < SLOWEST_KEPT)
      this.#keep({ sentAtMs: reply.sentAtMs, latencyMs: reply.latencyMs, hostDelayMs, ok });
    return ok;
  }

  /** Adds what the target used for so many timed calls. */
  addCpu(
    calls: number,
    used: { readonly mainCpuMs: number | null; readonly processCpuMs: number | null },
  ): void {
    this.#cpuCalls += calls;
    this.#mainCpuMs = sum(this.#mainCpuMs, used.mainCpuMs);
    this.#processCpuMs = sum(this.#processCpuMs, used.processCpuMs);
  }

  outcomes(): OutcomeCounts {
    return this.#outcomes.counts();
  }

  result(): LatencyRecord {
    const perCall = (totalMs: number | null): number | null =>
      totalMs === null || this.#cpuCalls === 0 ? null : totalMs / this.#cpuCalls;
    return {
      subject: this.subject,
      outcomes: this.outcomes(),
      histogram: this.timed === 0 ? null : this.#histogram.encode(),
      latencyMs: this.#histogram.quantilesMs(),
      slowest: [...this.#slowest],
      mainCpuMsPerCall: perCall(this.#mainCpuMs),
      processCpuMsPerCall: perCall(this.#processCpuMs),
    };
  }

  #keep(call: TimedCall): void {
    let place = this.#slowest.length;
    while (place > 0 && (this.#slowest[place - 1] as TimedCall).latencyMs < call.latencyMs) place--;
    this.#slowest.splice(place, 0, call);
    if (this.#slowest.length > SLOWEST_KEPT) this.#slowest.pop();
    if (this.#slowest.length === SLOWEST_KEPT)
      this.#slowestFloorMs = this.#slowest[SLOWEST_KEPT - 1]?.latencyMs ?? -1;
  }
}

function sum(a: number | null, b: number | null): number | null {
  return a === null || b === null ? null : a + b;
}
