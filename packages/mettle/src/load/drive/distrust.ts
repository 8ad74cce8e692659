import type { DriverFigures, LatencyFigures, LoadShape } from '../../evidence/index.ts';

/** Of one core: beyond it answers wait for the driver, however quick the server was. */
const BUSY = 0.9;
/** Lateness below this is that of any timer. */
const USUAL_MS = 0.5;

/** Why the figures show the driver rather than the server; null when they show the server. */
export function distrustOf(
  driver: Omit<DriverFigures, 'distrust'>,
  latency: LatencyFigures | null,
  shape: LoadShape,
): string | null {
  const verdict = 'the driver, not the server, was the limit; these figures are not to be trusted';
  if (driver.utilisation > BUSY)
    return `${verdict}: it used ${(driver.utilisation * 100).toFixed(0)} % of a core`;
  if (latency === null) return null;
  const { p50, p99 } = driver.latenessMs;
  // facts: a sender is not to be believed when its own lateness is as large as what it measures. An open loop's
  // latencies contain the lateness, so half is as much as can be.
  const share = shape.kind === 'closed' ? 1 : 0.5;
  if (p99 > USUAL_MS && p99 > share * latency.p99.value)
    return `${verdict}: it was up to ${p99.toFixed(1)} ms late (p99), the server's answers took ${latency.p99.value.toFixed(1)} ms`;
  if (p50 > USUAL_MS && p50 > share * latency.p50.value)
    return `${verdict}: it was usually ${p50.toFixed(1)} ms late, the server's answers took ${latency.p50.value.toFixed(1)} ms`;
  return null;
}
