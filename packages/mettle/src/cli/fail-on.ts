import { CHECKS, UsageError } from '../evidence/index.ts';
import type { Check, Result, Severity } from '../evidence/index.ts';
import { isThreshold, parseThreshold } from './thresholds.ts';

const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low'];

/** The bar of a run without `--fail-on`: `low` is for what one should know but need not act on. */
export const DEFAULT_BAR = 'medium';

/**
 * The bar that `--fail-on` sets. The expression is a list of terms, separated by commas, any of which fails the run:
 * a severity (that or worse), a check (`latency`), a finding id (`serialised-by-lock`), for `mettle bench` a limit (`p99>2x`); or `none` alone.
 * Throws UsageError for a term that is none of these.
 */
export function parseBar(expression: string, findingIds: readonly string[]): (result: Result) => boolean {
  const terms = expression.split(',').map((term) => term.trim());
  if (terms.length === 1 && terms[0] === 'none') return () => false;
  const tests = terms.map((term): ((result: Result) => boolean) => {
    const rank = SEVERITIES.indexOf(term as Severity);
    if (rank >= 0)
      return (result) => result.findings.some((finding) => SEVERITIES.indexOf(finding.severity) <= rank);
    if ((CHECKS as readonly string[]).includes(term))
      return (result) => result.checks[term as Check].status === 'found';
    if (isThreshold(term)) {
      const limit = parseThreshold(term).expression;
      return (result) =>
        result.thresholds?.some(
          (threshold) => threshold.expression === limit && threshold.standing === 'exceeded',
        ) === true;
    }
    if (findingIds.includes(term)) return (result) => result.findings.some((finding) => finding.id === term);
    throw new UsageError(
      `--fail-on: "${term}" is no severity (${SEVERITIES.join(', ')}), no check (${CHECKS.join(', ')}), no finding id of this version, and not "none".`,
    );
  });
  return (result) => tests.some((test) => test(result));
}
