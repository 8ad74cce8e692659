/** What 130 meters counted in each hour of a month. */
const counted = Float64Array.from({ length: 31 * 24 * 130 }, (_none, i) => ((i * 7919) % 100_003) / 10);
const sorted = new Float64Array(counted.length);

/** The figures of a month: some 15 ms of sorting, which is no fault in itself. */
export function computeReport(month) {
  for (let i = 0; i < sorted.length; i++) sorted[i] = (counted[i] * (month + (i % 7))) % 9973;
  sorted.sort();
  const quantile = (share) => sorted[Math.floor(share * sorted.length)].toFixed(1);
  return `median ${quantile(0.5)}, 95 % below ${quantile(0.95)}, 99 % below ${quantile(0.99)}`;
}
