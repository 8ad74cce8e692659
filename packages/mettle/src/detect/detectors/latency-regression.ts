import type { Detector, Finding } from '../../evidence/index.ts';
import { percent } from '../figures.ts';
import {
  comparedName,
  factorOf,
  lookedAt,
  regressionFinding,
  severityOfFactor,
  undecided,
  worseSubjects,
  type Regression,
  type RegressionInput,
} from '../regression.ts';

const ID = 'latency-regression';
/** One more call in a hundred that is slow is felt; fewer is worth knowing. */
const TAIL_WORTH_ACTING = 0.01;

/** Calls that take longer, or are slow more often, than in the version compared with, surely and by more than two processes of one program differ. */
export const latencyRegression: Detector<'comparison' | 'target'> = {
  id: ID,
  check: 'regression',
  examinations: ['bench'],
  needs: ['comparison', 'target'],
  mayUse: ['exercise'],

  detect(evidence) {
    return worseSubjects(evidence.comparison, ['latency', 'tail']).map(({ subject, worse }) => {
      const latency = worse.find(({ metric }) => metric === 'latency');
      const tail = worse.find(({ metric }) => metric === 'tail');
      return latency === undefined
        ? tailFinding(evidence, subject, tail?.bounds ?? { value: 0, low: 0 })
        : latencyFinding(evidence, subject, latency.bounds);
    });
  },
  blind: ({ comparison }) => undecided(comparison, ['latency', 'tail']),
  looked: lookedAt,
};

function latencyFinding(
  evidence: RegressionInput,
  subject: string | null,
  { value, low }: { readonly value: number; readonly low: number },
): Finding {
  const { comparison } = evidence;
  return finding(evidence, subject, {
    severity: severityOfFactor(low),
    title: `${comparedName(subject)} takes ${factorOf(value, low)} as long as in ${comparison.baseline.label}`,
    cost: { value: Math.round((value - 1) * 1000) / 10, unit: '% of latency', per: 'call' },
  });
}

function tailFinding(
  evidence: RegressionInput,
  subject: string | null,
  { value, low }: { readonly value: number; readonly low: number },
): Finding {
  const { comparison } = evidence;
  return finding(evidence, subject, {
    severity: low >= TAIL_WORTH_ACTING ? 'medium' : 'low',
    title: `${comparedName(subject)} is slow in ${percent(value)} more of its calls than in ${comparison.baseline.label} (at least ${percent(low)} more), though the usual call is not`,
    cost: {
      value: Math.round(value * 1000) / 10,
      unit: '% more calls twice as slow as 95 in 100 were',
      per: 'run',
    },
  });
}

function finding(
  evidence: RegressionInput,
  subject: string | null,
  figures: Pick<Regression, 'severity' | 'title' | 'cost'>,
): Finding {
  return regressionFinding(evidence, subject, {
    ...figures,
    id: ID,
    fix: 'Look at the functions and dependencies whose time grew (the tables here, or the two profiles in the bundle) and at what changed in them between the two versions: work added per call, a cache that no longer hits, a dependency upgraded, a wait added. Where nothing on the main thread grew, the time is waited for: compare what the calls await.',
    expect: `exit code 0: ${comparedName(subject)} is not surely slower than in ${evidence.comparison.baseline.label}`,
  });
}
