import type { Detector, Finding } from '../../evidence/index.ts';
import {
  comparedName,
  factorOf,
  lookedAt,
  regressionFinding,
  severityOfFactor,
  undecided,
  worseSubjects,
  type RegressionInput,
} from '../regression.ts';

const ID = 'throughput-regression';

/**
 * Fewer calls per second, or more of the server's CPU for each, than in the version compared with, where the latency of
 * single calls does not tell it already: capacity that is lost only once the server is busy.
 */
export const throughputRegression: Detector<'comparison' | 'target'> = {
  id: ID,
  check: 'regression',
  examinations: ['bench'],
  needs: ['comparison', 'target'],
  mayUse: ['exercise'],

  detect(evidence) {
    const slower = new Set(worseSubjects(evidence.comparison, ['latency']).map(({ subject }) => subject));
    return worseSubjects(evidence.comparison, ['cpu', 'throughput']).flatMap(({ subject, worse }) => {
      if (slower.has(subject)) return [];
      const cpu = worse.find(({ metric }) => metric === 'cpu');
      const rate = worse.find(({ metric }) => metric === 'throughput');
      const { baseline } = evidence.comparison;
      const name = comparedName(subject);
      if (rate !== undefined) {
        const surely = 1 / rate.bounds.high;
        const title = `${name} with eight calls in flight takes ${factorOf(1 / rate.bounds.value, surely)} as long as in ${baseline.label}, though a single call does not`;
        return [finding(evidence, subject, { title, surely, lost: 1 - rate.bounds.value })];
      }
      if (cpu === undefined) return [];
      const title = `${name} costs ${factorOf(cpu.bounds.value, cpu.bounds.low)} the CPU per call that it does in ${baseline.label}`;
      return [finding(evidence, subject, { title, surely: cpu.bounds.low, lost: 1 - 1 / cpu.bounds.value })];
    });
  },
  blind: ({ comparison }) => undecided(comparison, ['cpu', 'throughput']),
  looked: lookedAt,
};

function finding(
  evidence: RegressionInput,
  subject: string | null,
  { title, surely, lost }: { readonly title: string; readonly surely: number; readonly lost: number },
): Finding {
  return regressionFinding(evidence, subject, {
    id: ID,
    severity: severityOfFactor(surely),
    title,
    cost: { value: Math.round(lost * 1000) / 10, unit: '% of capacity', per: 'run' },
    fix: 'More CPU per call: look at the functions and dependencies whose time grew (the tables here). Fewer calls at once with single calls as fast as before: something now lets calls pass one at a time, such as a lock, a pool that is too small or a connection that is shared; run mettle check, which names it (serialised-by-lock, serialised-by-pool, serialised-by-cpu).',
    expect: `exit code 0: no capacity is surely lost against ${evidence.comparison.baseline.label}`,
  });
}
