import type { Severity } from '../evidence/index.ts';

/**
 * What a call does once (loading a module, filling a cache, being compiled) is not how the tool behaves: a state must
 * show in three calls, or in both when only two were made.
 */
const CALLS_TO_BELIEVE = 3;
/** In fewer calls than one in a hundred it moves not even the 99th percentile; a bound for long runs. */
const SHARE_TO_BELIEVE = 0.01;

/** Whether something seen in `affected` of `total` calls is how the tool behaves, not an accident. */
export function recurs(affected: number, total: number): boolean {
  if (total < 2) return false;
  return affected >= Math.min(CALLS_TO_BELIEVE, total) && affected >= SHARE_TO_BELIEVE * total;
}

/**
 * Severity of time taken from everybody. From 1 s on people believe a program hangs and clients' pings go
 * unanswered: critical. From 200 ms on, or in every tenth call, anyone who uses the server meets it: high.
 * Under 50 ms it shows only beside other load: low, unless frequent.
 */
export function severityOfDelay(typicalMs: number, shareOfCalls: number): Severity {
  if (typicalMs >= 1000) return 'critical';
  if (typicalMs >= 200) return 'high';
  if (typicalMs >= 50) return shareOfCalls >= 0.1 ? 'high' : 'medium';
  return shareOfCalls >= 0.1 ? 'medium' : 'low';
}
