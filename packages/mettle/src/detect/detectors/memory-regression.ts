import { judgeMetrics, summariseComparison } from '../../derive/index.ts';
import type { Detector, Severity } from '../../evidence/index.ts';
import { makeFinding } from '../finding.ts';
import { compareCommand, factorOf, lookedAt, regressionExhibits, undecided } from '../regression.ts';

const ID = 'memory-regression';
/** Less than this is when the collector came, and nobody's container is chosen by it. */
const LEAST_BYTES = 8_000_000;

/** More memory, after the same number of calls, than the version compared with. */
export const memoryRegression: Detector<'comparison' | 'target'> = {
  id: ID,
  check: 'regression',
  examinations: ['bench'],
  needs: ['comparison', 'target'],

  detect(evidence) {
    const { comparison, target } = evidence;
    const judged = judgeMetrics(comparison).find(({ metric }) => metric === 'memory');
    const subject = judged === undefined ? null : judged.subject;
    const memory = summariseComparison(comparison).subjects.find(({ name }) => name === subject)?.figures
      .memory;
    if (judged?.standing !== 'worse' || memory === undefined) return [];
    const { before, after, value, low } = memory;
    const grownBytes = (after ?? 0) - (before ?? 0);
    if (grownBytes < LEAST_BYTES) return [];
    return [
      makeFinding({
        id: ID,
        tool: null,
        location: undefined,
        severity: severityOf(low),
        confidence: 'measured',
        title: `The server holds ${factorOf(value, low)} the memory of ${comparison.baseline.label} after the same calls: ${megabytes(after)} against ${megabytes(before)}`,
        evidence: regressionExhibits(comparison, subject),
        cost: { value: Math.round(grownBytes / 1e5) / 10, unit: 'MB', per: 'run' },
        fix: 'Look at what is loaded at start (a dependency added or upgraded, data read into memory) and at what calls leave behind (caches without a bound, buffers kept). Heap snapshots of both versions, taken after the same calls, show which objects there are more of.',
        verify: {
          command: compareCommand({ comparison, target }, ID, []),
          expect: `exit code 0: no more memory than ${comparison.baseline.label}, but for 5 %`,
        },
      }),
    ];
  },
  blind: ({ comparison }) => undecided(comparison, ['memory']),
  looked: lookedAt,
};

function severityOf(surely: number): Severity {
  if (surely >= 2) return 'high';
  return surely >= 1.2 ? 'medium' : 'low';
}

function megabytes(bytes: number | null): string {
  return bytes === null ? 'unknown' : `${Math.round(bytes / 1e6)} MB`;
}
