import type { Result } from '../evidence/index.ts';

/** "22 µs of CPU a call (18 to 25), ×1.5 on noop": what the profiler cost, in one line; null when nothing was profiled. */
export function lookingCostSentence({ lookingCost }: Result): string | null {
  if (lookingCost === undefined) return null;
  if (!lookingCost.measured) return `What looking cost was not measured: ${lookingCost.why}.`;
  const { subject, pairs, samplingIntervalMs, offUs, addedUs, factor } = lookingCost;
  const range = `${addedUs.low.toFixed(0)} to ${addedUs.high.toFixed(0)}`;
  return `Looking cost ${addedUs.median.toFixed(0)} µs of CPU a call (${range}), ×${factor.toFixed(2)} on ${subject}, which takes ${offUs.toFixed(0)} µs without: median of ${pairs} windows with the profiler (one sample every ${samplingIntervalMs} ms), each between two without. No latency was measured with it.`;
}
