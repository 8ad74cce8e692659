import type { LatencyFigures } from '../../evidence/index.ts';
import { designEffect, LatencyHistogram, quantileInterval } from '../../stats/index.ts';

const FIRST_SIZE = 1024;
/** 8 MB; a call beyond is kept in the histogram only, to three digits. */
const MOST_KEPT = 2 ** 21;
/** Parts by which the design effect is judged: enough for a variance, long enough to span what disturbs. */
const PARTS = 16;
const CONFIDENCE = 0.95;

/** Latencies in the order in which they ended. Adding one costs a few nanoseconds; everything else waits for the end. */
export class LatencySamples {
  #values = new Float32Array(FIRST_SIZE);
  #kept = 0;
  #beyond: LatencyHistogram | null = null;
  #count = 0;
  #sumMs = 0;
  #maxMs = 0;

  get count(): number {
    return this.#count;
  }
  get sumMs(): number {
    return this.#sumMs;
  }

  add(ms: number): void {
    this.#count++;
    this.#sumMs += ms;
    if (ms > this.#maxMs) this.#maxMs = ms;
    if (this.#kept === this.#values.length && !this.#grow()) {
      this.#beyond ??= new LatencyHistogram();
      this.#beyond.record(ms);
      return;
    }
    this.#values[this.#kept++] = ms;
  }

  /** Null when there are none. */
  figures(): LatencyFigures | null {
    if (this.#count === 0) return null;
    const inTime = this.#values.subarray(0, this.#kept);
    const sorted = inTime.slice().sort();
    const histogram = histogramOf(sorted);
    if (this.#beyond !== null) histogram.merge(this.#beyond);
    const estimate = (q: number): LatencyFigures['p50'] => {
      const exact = sorted[Math.min(sorted.length - 1, Math.ceil(q * sorted.length) - 1)] as number;
      const value = this.#beyond === null ? exact : histogram.percentileMs(q * 100);
      const interval = quantileInterval(sorted, q, {
        confidence: CONFIDENCE,
        designEffect: designEffect(inTime, exact, PARTS),
      });
      // Kept in single precision, which may round a value up beyond the largest.
      return {
        value: Math.min(value, this.#maxMs),
        low: interval?.low ?? null,
        high: interval?.high ?? null,
      };
    };
    return {
      count: this.#count,
      mean: this.#sumMs / this.#count,
      min: sorted[0] as number,
      max: this.#maxMs,
      p50: estimate(0.5),
      p90: estimate(0.9),
      p95: estimate(0.95),
      p99: estimate(0.99),
      p999: estimate(0.999),
      confidence: CONFIDENCE,
      histogram: histogram.encode(),
    };
  }

  #grow(): boolean {
    if (this.#values.length >= MOST_KEPT) return false;
    const larger = new Float32Array(this.#values.length * 2);
    larger.set(this.#values);
    this.#values = larger;
    return true;
  }
}

/** Values that are alike to the microsecond are recorded at once. */
function histogramOf(sorted: Float32Array): LatencyHistogram {
  const histogram = new LatencyHistogram();
  for (let i = 0; i < sorted.length;) {
    const us = Math.round((sorted[i] as number) * 1000);
    const from = i;
    while (i < sorted.length && Math.round((sorted[i] as number) * 1000) === us) i++;
    histogram.record(us / 1000, i - from);
  }
  return histogram;
}
