/**
 * One-sided Clopper–Pearson bounds of a proportion: exact, so never too narrow, also for few trials or none.
 */

/** The share that the true proportion exceeds with the given confidence. */
export function proportionLowerBound(successes: number, trials: number, confidence = 0.95): number {
  if (trials <= 0 || successes <= 0) return 0;
  // Smallest p for which seeing `successes` or more is no longer surprising.
  return bisect((p) => 1 - binomialCdf(successes - 1, trials, p) >= 1 - confidence);
}

/** The share that the true proportion stays below with the given confidence. */
export function proportionUpperBound(successes: number, trials: number, confidence = 0.95): number {
  if (trials <= 0 || successes >= trials) return 1;
  return bisect((p) => binomialCdf(successes, trials, p) < 1 - confidence);
}

/** P(X <= k) for X ~ Binomial(n, p). */
export function binomialCdf(k: number, n: number, p: number): number {
  if (k < 0) return 0;
  if (k >= n || p <= 0) return 1;
  if (p >= 1) return 0;
  const logOdds = Math.log(p) - Math.log1p(-p);
  let logTerm = n * Math.log1p(-p);
  let sum = Math.exp(logTerm);
  for (let i = 1; i <= k; i++) {
    logTerm += Math.log((n - i + 1) / i) + logOdds;
    sum += Math.exp(logTerm);
  }
  return Math.min(1, sum);
}

/** Where a condition that is false at 0 and true at 1 turns, to 1e-12 (40 halvings). */
function bisect(holds: (p: number) => boolean): number {
  let low = 0;
  let high = 1;
  for (let i = 0; i < 40; i++) {
    const middle = (low + high) / 2;
    if (holds(middle)) high = middle;
    else low = middle;
  }
  return (low + high) / 2;
}
