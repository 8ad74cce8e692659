import { describe, expect, it } from 'vitest';
import { latencyOverBudget } from '../../src/detect/detectors/latency-over-budget.ts';
import { latencyRegression } from '../../src/detect/detectors/latency-regression.ts';
import { memoryRegression } from '../../src/detect/detectors/memory-regression.ts';
import { throughputRegression } from '../../src/detect/detectors/throughput-regression.ts';
import type {
  ComparisonEvidence,
  CpuProfileEvidence,
  ProfiledSide,
  Threshold,
} from '../../src/evidence/index.ts';
import { comparison } from '../builders/comparison.ts';
import { server } from '../builders/server.ts';

const { target } = server().tool('search').called(10).evidence();
const seen = (evidence: ComparisonEvidence): { comparison: ComparisonEvidence; target: typeof target } => ({
  comparison: evidence,
  target,
});

/** Samples of so many functions, 1 ms each. */
function profile(samples: Readonly<Record<string, number>>, cwd: string): ProfiledSide {
  const names = Object.keys(samples);
  const cpuProfile: CpuProfileEvidence = {
    profile: {
      nodes: [
        {
          id: 1,
          callFrame: { functionName: '(root)', scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 },
          children: names.map((_, i) => i + 2),
        },
        ...names.map((name, i) => {
          const [functionName = '', file = ''] = name.split('@');
          return {
            id: i + 2,
            callFrame: {
              functionName,
              scriptId: String(i),
              url: file === '' ? '' : `file://${cwd}/${file}`,
              lineNumber: 9,
              columnNumber: 0,
            },
          };
        }),
      ],
      startTime: 0,
      endTime: 1e6,
      samples: names.flatMap((name, i) => Array.from({ length: samples[name] ?? 0 }, () => i + 2)),
      timeDeltas: names.flatMap((name) => Array.from({ length: samples[name] ?? 0 }, () => 1000)),
    },
    subjects: [''],
    sampleSubjects: names.flatMap((name) => Array.from({ length: samples[name] ?? 0 }, () => 0)),
  };
  return { cwd, command: ['node', 'server.js'], calls: { search: 1000 }, cpuProfile };
}

describe('latency-regression', () => {
  it('says by how much the tool is slower, and how sure that is', () => {
    const [finding, ...more] = latencyRegression.detect(seen(comparison({ latency: 1.5, cpu: 1.5 })));
    expect(more).toEqual([]);
    expect(finding).toMatchObject({
      id: 'latency-regression',
      tool: 'search',
      severity: 'medium',
      confidence: 'measured',
    });
    expect(finding?.title).toMatch(
      /^`search` takes 1\.\d+ times \(at least 1\.4\d?\) as long as in git:main/,
    );
    expect(finding?.verify.command).toBe(
      "npx mettle bench --compare 'git:main' --tool search --fail-on latency-regression -- node src/server.js",
    );
  });
  it('is severe from twice on, and not worth failing for below a tenth', () => {
    expect(latencyRegression.detect(seen(comparison({ latency: 2.5 })))[0]?.severity).toBe('high');
    expect(latencyRegression.detect(seen(comparison({ latency: 1.07 })))[0]?.severity).toBe('low');
  });
  it('sees a tail that grew while the usual call did not', () => {
    const [finding] = latencyRegression.detect(seen(comparison({ tail: 0.03 })));
    expect(finding?.title).toContain('more of its calls');
  });
  it('names what moved: the function, its place, whose code it is', () => {
    const told = comparison({ latency: 2, cpu: 2 });
    const [finding] = latencyRegression.detect(
      seen({
        ...told,
        profiles: {
          baseline: profile({ 'rank@rank.js': 300, 'parse@node_modules/fast/index.js': 100 }, '/tmp/main'),
          candidate: profile({ 'rank@rank.js': 900, 'parse@node_modules/fast/index.js': 110 }, '/srv/shop'),
        },
      }),
    );
    expect(finding?.location).toMatchObject({ file: '/srv/shop/rank.js', line: 10, function: 'rank' });
    expect(finding?.title).toContain('% of the growth is rank (rank.js:10)');
    const functions = finding?.evidence.find((exhibit) => exhibit.title.startsWith('Functions'));
    expect(functions).toMatchObject({ rows: [['rank', 'rank.js:10', '', 300, 900, 600]] });
  });
  it('names the dependency whose frames grew', () => {
    const told = comparison({ latency: 2, cpu: 2 });
    const [finding] = latencyRegression.detect(
      seen({
        ...told,
        profiles: {
          baseline: profile({ 'rank@rank.js': 300, 'parse@node_modules/fast/index.js': 100 }, '/tmp/main'),
          candidate: profile({ 'rank@rank.js': 300, 'parse@node_modules/fast/index.js': 900 }, '/srv/shop'),
        },
      }),
    );
    const owners = finding?.evidence.find((exhibit) => exhibit.title.startsWith('Whose code'));
    expect(owners).toMatchObject({ rows: expect.arrayContaining([['fast', 100, 900, 800]]) });
    expect(finding?.title).toContain('parse of fast');
  });
  it('finds nothing in versions that are alike, and clears them with figures', () => {
    const alike = seen(comparison({}));
    expect(latencyRegression.detect(alike)).toEqual([]);
    expect(latencyRegression.blind?.(alike)).toBeNull();
    expect(latencyRegression.looked(alike)).toContain('No difference larger than 5 %');
  });
  it('clears nothing where the noise decides', () => {
    const noisy = seen(comparison({ latency: 1.1, scatter: 0.3 }));
    expect(latencyRegression.detect(noisy)).toEqual([]);
    expect(latencyRegression.blind?.(noisy)).toContain('Not enough evidence');
  });
});

describe('throughput-regression', () => {
  it('sees calls that pass one at a time where single ones are as fast as before', () => {
    const [finding] = throughputRegression.detect(seen(comparison({ throughput: 0.3 })));
    expect(finding?.title).toContain('with eight calls in flight takes');
    expect(finding?.severity).toBe('high');
  });
  it('sees CPU per call that latency does not show', () => {
    expect(throughputRegression.detect(seen(comparison({ cpu: 1.4 })))[0]?.title).toContain(
      'the CPU per call',
    );
  });
  it('leaves to latency-regression what that tells already', () => {
    expect(
      throughputRegression.detect(seen(comparison({ latency: 1.4, cpu: 1.4, throughput: 0.7 }))),
    ).toEqual([]);
  });
  it('finds nothing in versions that are alike', () => {
    expect(throughputRegression.detect(seen(comparison({})))).toEqual([]);
  });
});

describe('memory-regression', () => {
  it('sees more memory after the same calls', () => {
    const [finding] = memoryRegression.detect(seen(comparison({}, { memory: 1.5 })));
    expect(finding?.title).toMatch(/holds 1\.\d+ times/);
    expect(finding?.severity).toBe('medium');
  });
  it('lets pass what the collector decides', () => {
    expect(memoryRegression.detect(seen(comparison({}, { memory: 1.04 })))).toEqual([]);
  });
});

describe('latency-over-budget', () => {
  const budget = (limit: number): Threshold => ({
    expression: `p99<${limit}ms`,
    metric: 'p99',
    failsWhen: 'above',
    limit,
    unit: 'ms',
  });
  const given = (thresholds: readonly Threshold[]) => ({
    ...seen(comparison({})),
    thresholds: { thresholds },
  });
  it('names the tool that surely breaks the budget', () => {
    const [finding] = latencyOverBudget.detect(given([budget(5)]));
    expect(finding).toMatchObject({ id: 'latency-over-budget', tool: 'search', severity: 'medium' });
    expect(finding?.title).toContain('over the budget of 5 ms');
  });
  it('finds nothing in a budget that is kept, and says so', () => {
    expect(latencyOverBudget.detect(given([budget(20)]))).toEqual([]);
    expect(latencyOverBudget.blind?.(given([budget(20)]))).toBeNull();
    expect(latencyOverBudget.looked(given([budget(20)]))).toContain('p99<20ms kept');
  });
  it('clears nothing without a budget', () => {
    expect(latencyOverBudget.blind?.(given([]))).toContain('no latency budget was set');
  });
});
