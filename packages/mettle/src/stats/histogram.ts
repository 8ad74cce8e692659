import { build, decodeFromCompressedBase64, encodeIntoCompressedBase64 } from 'hdr-histogram-js';

type Hdr = ReturnType<typeof build>;

export interface LatencyQuantiles {
  readonly p50: number;
  readonly p90: number;
  readonly p95: number;
  readonly p99: number;
  readonly max: number;
  readonly mean: number;
}

/** Durations in microseconds, kept to three significant digits (an error of at most 0.1 %), of any length up to hours. */
export class LatencyHistogram {
  readonly #hdr: Hdr;

  constructor(hdr: Hdr = emptyHdr()) {
    this.#hdr = hdr;
  }

  /** Reads what `encode` wrote. Throws on anything else. */
  static decode(base64: string): LatencyHistogram {
    const hdr = decodeFromCompressedBase64(base64, 32, false);
    // Not part of the encoding; without it, merging a longer range into this one throws.
    hdr.autoResize = true;
    return new LatencyHistogram(hdr);
  }

  get count(): number {
    return this.#hdr.totalCount;
  }

  /** Records a duration, so many times; what is shorter than 1 µs counts as 1 µs. */
  record(durationMs: number, count = 1): void {
    const us = Math.max(1, Math.round(durationMs * 1000));
    if (count === 1) this.#hdr.recordValue(us);
    else this.#hdr.recordValueWithCount(us, count);
  }

  /** The duration that `percent` (0 to 100) of the recorded ones do not exceed; 0 when there are none. */
  percentileMs(percent: number): number {
    return this.#hdr.getValueAtPercentile(percent) / 1000;
  }

  /** Forgets everything recorded. */
  clear(): void {
    this.#hdr.reset();
  }

  /** Adds everything that the other one recorded. */
  merge(other: LatencyHistogram): void {
    this.#hdr.add(other.#hdr);
  }

  /** Null when nothing was recorded. */
  quantilesMs(): LatencyQuantiles | null {
    if (this.count === 0) return null;
    return {
      p50: this.percentileMs(50),
      p90: this.percentileMs(90),
      p95: this.percentileMs(95),
      p99: this.percentileMs(99),
      max: this.percentileMs(100),
      mean: this.#hdr.mean / 1000,
    };
  }

  /** The standard HDR encoding, compressed, in base64: other HDR tools read it. */
  encode(): string {
    return encodeIntoCompressedBase64(this.#hdr);
  }
}

function emptyHdr(): Hdr {
  return build({
    bitBucketSize: 32,
    autoResize: true,
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: false,
  });
}
