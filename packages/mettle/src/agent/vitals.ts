import type { IntervalHistogram } from 'node:perf_hooks';
import { watchGarbageCollection } from './gc-watch.ts';
import type { AgentVitals } from './protocol.ts';

/** Of the timer whose lateness is the loop's delay: a hundred a second cost nothing that can be measured. */
const RESOLUTION_MS = 10;

/** Watches what a benchmark wants beside its figures and what costs next to nothing: garbage, the loop's delay. */
export class Vitals {
  readonly #delay: IntervalHistogram;
  readonly #utilisation = performance.eventLoopUtilization();
  readonly #stopGc: () => void;
  #gcCount = 0;
  #gcMs = 0;
  #longestGcMs = 0;

  constructor() {
    const { monitorEventLoopDelay } = process.getBuiltinModule('node:perf_hooks');
    this.#delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
    this.#delay.enable();
    this.#stopGc = watchGarbageCollection(({ durationMs }) => {
      this.#gcCount++;
      this.#gcMs += durationMs;
      this.#longestGcMs = Math.max(this.#longestGcMs, durationMs);
    });
  }

  stop(): AgentVitals {
    this.#stopGc();
    this.#delay.disable();
    // Intervals of the timer; what exceeds its period is the loop's delay.
    const late = (ns: number): number => Math.max(0, ns / 1e6 - RESOLUTION_MS);
    const counted = this.#delay.max > 0 && Number.isFinite(this.#delay.mean);
    return {
      gc: { count: this.#gcCount, totalMs: this.#gcMs, longestMs: this.#longestGcMs },
      eventLoopDelayMs: counted
        ? {
            p50: late(this.#delay.percentile(50)),
            p99: late(this.#delay.percentile(99)),
            max: late(this.#delay.max),
          }
        : null,
      eventLoopUtilisation: performance.eventLoopUtilization(this.#utilisation).utilization,
      heapUsedBytes: process.memoryUsage().heapUsed,
    };
  }
}
