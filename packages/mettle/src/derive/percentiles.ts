import { decodeFromCompressedBase64, JsHistogram } from 'hdr-histogram-js';

/** So many calls took about so long. */
export interface LatencyCount {
  readonly valueMs: number;
  readonly count: number;
}

/** The latencies in a record's histogram, ascending; null when there is none or it cannot be read. */
export function decodeLatencies(histogram: string | null): readonly LatencyCount[] | null {
  if (histogram === null) return null;
  try {
    const decoded = decodeFromCompressedBase64(histogram, 32, false);
    return decoded instanceof JsHistogram && decoded.totalCount > 0 ? recordedValues(decoded) : null;
  } catch {
    // A damaged bundle still has its percentiles beside the histogram.
    return null;
  }
}

function recordedValues(histogram: JsHistogram): LatencyCount[] {
  const counts: LatencyCount[] = [];
  const entries = histogram.recordedValuesIterator;
  entries.reset();
  while (entries.hasNext()) {
    const entry = entries.next();
    // Histograms count microseconds; the middle of the bucket stands for what fell into it.
    const valueMs = histogram.medianEquivalentValue(entry.valueIteratedTo) / 1000;
    counts.push({ valueMs, count: entry.countAddedInThisIterationStep });
  }
  return counts;
}

/** The latency that `share` (0 to 1) of the calls did not exceed. */
export function latencyAtShare(counts: readonly LatencyCount[], share: number): number {
  const total = counts.reduce((sum, { count }) => sum + count, 0);
  let seen = 0;
  for (const { valueMs, count } of counts) {
    seen += count;
    if (seen >= share * total) return valueMs;
  }
  return counts.at(-1)?.valueMs ?? 0;
}
