import type { Batch, ConcurrencyEvidence } from '../evidence/index.ts';
import { median, medianInterval, type Interval } from '../stats/order.ts';

type Rounds = ConcurrencyEvidence['subjects'][number]['rounds'];

/** One batch against the lone call of the same round, the host's delays taken out of both. */
export interface PairedBatch {
  readonly soloMs: number;
  readonly batchMs: number;
  /** What each further call added, as a share of a lone call: 1 = one after the other, 0 = all at once, 1/k = k at a time. */
  readonly slope: number;
  /** Share of the batch's time in which the main thread computed; null when its clock cannot be read. */
  readonly mainCpuShare: number | null;
  /** The same of the lone call. */
  readonly soloCpuShare: number | null;
  /** Main-thread CPU per call. */
  readonly cpuMsPerCall: number | null;
  /** CPU of other threads and of child processes as a share of the batch's time. */
  readonly otherCpuShare: number | null;
}

/** All rounds of one batch size. */
export interface SizeView {
  readonly inFlight: number;
  readonly pairs: readonly [PairedBatch, ...PairedBatch[]];
  readonly slope: number;
  /** Of the median slope, with nothing assumed about its distribution. */
  readonly slopeInterval: Interval;
  /** Batch over lone call: how many waves the batch took. */
  readonly waves: number;
  /** The same from the shortest batch and the shortest lone call: a host only ever adds time. */
  readonly wavesOfShortest: number;
  readonly soloMs: number;
  readonly batchMs: number;
}

/** Time without the main thread's stay in the host's run queue, and never less than what the thread computed. */
function netMs(batch: Batch): number {
  return Math.max(batch.makespanMs - (batch.hostDelayMs ?? 0), batch.mainCpuMs ?? 0, 0.01);
}

function share(partMs: number | null, wholeMs: number): number | null {
  return partMs === null ? null : partMs / wholeMs;
}

function pair(solo: Batch, batch: Batch): PairedBatch {
  const soloMs = netMs(solo);
  const batchMs = netMs(batch);
  const otherMs =
    batch.processCpuMs === null || batch.mainCpuMs === null
      ? null
      : Math.max(0, batch.processCpuMs - batch.mainCpuMs);
  return {
    soloMs,
    batchMs,
    slope: (batchMs - soloMs) / (batch.inFlight - 1) / soloMs,
    mainCpuShare: share(batch.mainCpuMs, batchMs),
    soloCpuShare: share(solo.mainCpuMs, soloMs),
    cpuMsPerCall: share(batch.mainCpuMs, batch.inFlight),
    otherCpuShare: share(otherMs, batchMs),
  };
}

/** A view per batch size, smallest first. Rounds in which a call failed are left out: an error takes no queue's time. */
export function bySize(rounds: Rounds): readonly SizeView[] {
  const sizes = new Map<number, [PairedBatch, ...PairedBatch[]]>();
  for (const { solo, batches } of rounds) {
    for (const batch of batches) {
      if (solo.errors > 0 || batch.errors > 0 || batch.inFlight < 2) continue;
      const paired = pair(solo, batch);
      const pairs = sizes.get(batch.inFlight);
      if (pairs === undefined) sizes.set(batch.inFlight, [paired]);
      else pairs.push(paired);
    }
  }
  return [...sizes]
    .toSorted(([a], [b]) => a - b)
    .map(([inFlight, pairs]) => {
      const slopes = pairs.map((entry) => entry.slope);
      return {
        inFlight,
        pairs,
        slope: median(slopes),
        slopeInterval: medianInterval(slopes),
        waves: median(pairs.map((entry) => entry.batchMs / entry.soloMs)),
        wavesOfShortest:
          Math.min(...pairs.map((entry) => entry.batchMs)) / Math.min(...pairs.map((entry) => entry.soloMs)),
        soloMs: median(pairs.map((entry) => entry.soloMs)),
        batchMs: median(pairs.map((entry) => entry.batchMs)),
      };
    });
}

/** The median of those values that are known; null when none is. */
export function medianKnown(values: readonly (number | null)[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : median(known);
}
