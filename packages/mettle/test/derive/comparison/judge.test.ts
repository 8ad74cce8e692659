import { describe, expect, it } from 'vitest';
import { concludeOn, judgeMetrics, judgeThresholds, summariseComparison } from '../../../src/derive/index.ts';
import type { ComparisonEvidence, Threshold } from '../../../src/evidence/index.ts';
import { benchEvidence, block, subjectFigures } from '../../builders/bench.ts';
import { comparison } from '../../builders/comparison.ts';

const conclusion = (evidence: ComparisonEvidence): string => concludeOn(judgeMetrics(evidence), 'search');

describe('two versions are', () => {
  it('without a difference when they are alike', () => {
    expect(conclusion(comparison({}))).toBe('no difference');
    expect(summariseComparison(comparison({})).sentence).toContain('No difference larger than 5 %');
  });
  it('slower or faster when latency is surely more than 2 % off', () => {
    expect(conclusion(comparison({ latency: 1.1 }))).toBe('slower');
    expect(conclusion(comparison({ latency: 0.9 }))).toBe('faster');
  });
  it('slower when only the CPU per call has grown, or fewer calls pass at once', () => {
    expect(conclusion(comparison({ cpu: 1.1 }))).toBe('slower');
    expect(conclusion(comparison({ throughput: 0.5 }))).toBe('slower');
  });
  it('slower when only more calls are slow', () => {
    expect(conclusion(comparison({ tail: 0.02 }))).toBe('slower');
    expect(conclusion(comparison({ tail: 0.001 }))).toBe('no difference');
  });
  it('mixed when one figure is better and another worse', () => {
    expect(conclusion(comparison({ latency: 0.8, cpu: 1.3 }))).toBe('mixed');
  });
  it('not decided by what two processes of one program differ by', () => {
    expect(conclusion(comparison({ latency: 1.015, cpu: 1.015, scatter: 0.001 }))).toBe('no difference');
  });
  it('not decided by two pairs, nor by noise larger than the difference', () => {
    expect(conclusion(comparison({ latency: 2 }, { pairs: 2 }))).toBe('not enough evidence');
    expect(conclusion(comparison({ latency: 1.1, scatter: 0.2 }))).toBe('not enough evidence');
    expect(summariseComparison(comparison({ latency: 1.1, scatter: 0.2 })).sentence).toContain('Run longer');
  });
  it('slower as a whole when one of several tools is', () => {
    const told = comparison([{ name: 'a' }, { name: 'b', latency: 1.4 }, { name: 'c' }, { name: 'd' }]);
    const judged = judgeMetrics(told);
    expect(concludeOn(judged, 'b')).toBe('slower');
    expect(concludeOn(judged, 'a')).toBe('no difference');
    expect(summariseComparison(told).conclusion).toBe('slower');
  });
});

describe('a server compared with itself', () => {
  const scatters = [0.02, 0.2];
  it.each(scatters)(
    'is never called slower or faster in 400 comparisons, pairs scattering by %d',
    (scatter) => {
      let alarms = 0;
      for (let seed = 1; seed <= 400; seed++) {
        const said = conclusion(comparison({ scatter }, { seed }));
        if (said !== 'no difference' && said !== 'not enough evidence') alarms++;
      }
      // One in a thousand each way is promised for all figures together: of 400, more than three are no chance.
      expect(alarms).toBeLessThanOrEqual(3);
    },
  );
});

const ratio = (metric: Threshold['metric'], limit: number): Threshold => ({
  expression: `${metric}>${limit}x`,
  metric,
  failsWhen: metric === 'throughput' ? 'below' : 'above',
  limit,
  unit: 'ratio',
});
const standing = (threshold: Threshold, evidence: ComparisonEvidence): string | undefined =>
  judgeThresholds([threshold], { comparison: evidence })[0]?.standing;

describe('a limit', () => {
  it('is exceeded only when the bound is beyond it, not the point', () => {
    expect(standing(ratio('cpu', 1.1), comparison({ cpu: 1.3 }))).toBe('exceeded');
    expect(standing(ratio('cpu', 1.1), comparison({ cpu: 1.11, scatter: 0.05 }))).toBe('undecided');
    expect(standing(ratio('cpu', 1.1), comparison({ cpu: 1.02 }))).toBe('kept');
  });
  it('on throughput is broken from below', () => {
    expect(standing(ratio('throughput', 0.9), comparison({ throughput: 0.5 }))).toBe('exceeded');
    expect(standing(ratio('throughput', 0.9), comparison({}))).toBe('kept');
  });
  it('on p99 needs more slow calls as a witness', () => {
    const unwitnessed = comparison({ p99: 4 });
    expect(standing(ratio('p99', 2), unwitnessed)).toBe('undecided');
    expect(standing(ratio('p99', 2), comparison({ p99: 4, tail: 0.03 }))).toBe('exceeded');
  });
  it('in ms is judged on the server as it stands', () => {
    const budget: Threshold = {
      expression: 'p99<50ms',
      metric: 'p99',
      failsWhen: 'above',
      limit: 50,
      unit: 'ms',
    };
    expect(standing(budget, comparison({}, { latencyMs: 2 }))).toBe('kept');
    expect(standing(budget, comparison({}, { latencyMs: 40 }))).toBe('exceeded');
  });
  it('on p99 is exceeded when the median surely is, however few calls there were', () => {
    const p99 = (limit: number): Threshold => ({
      expression: `p99<${limit}ms`,
      metric: 'p99',
      failsWhen: 'above',
      limit,
      unit: 'ms',
    });
    const bench = benchEvidence({
      blocks: [
        block([
          subjectFigures(
            'search',
            Array.from({ length: 60 }, (_, i) => 10 + (i % 7)),
          ),
        ]),
      ],
    });
    const [over, near] = judgeThresholds([p99(5), p99(15)], { bench });
    expect(over).toMatchObject({ standing: 'exceeded', high: null });
    expect(near).toMatchObject({ standing: 'undecided' });
  });
  it('names the tool that breaks it', () => {
    const told = comparison([{ name: 'a' }, { name: 'b', cpu: 2 }]);
    expect(judgeThresholds([ratio('cpu', 1.5)], { comparison: told })[0]).toMatchObject({
      subject: 'b',
      standing: 'exceeded',
    });
  });
});
