import { describe, expect, it } from 'vitest';
import { summariseComparison } from '../../src/derive/index.ts';
import type { InProcessEvidence, Result } from '../../src/evidence/index.ts';
import { formats } from '../../src/report/index.ts';
import { comparison } from '../builders/comparison.ts';
import { bundle, result } from './builders.ts';

const slower: Result = {
  ...result(),
  comparison: {
    ...summariseComparison(comparison({ latency: 1.5, cpu: 1.5 })),
    caveats: ['export: only the baseline has it, so it was not compared.'],
  },
  thresholds: [
    {
      expression: 'cpu>1.1x',
      subject: 'search',
      standing: 'exceeded',
      value: 1.5,
      low: 1.46,
      high: 1.54,
      unit: 'ratio',
    },
    {
      expression: 'p99<50ms',
      subject: 'search',
      standing: 'undecided',
      value: 48,
      low: 40,
      high: 57,
      unit: 'ms',
    },
  ],
};
const inProcess: InProcessEvidence = {
  runs: [
    {
      era: '2026',
      node: 'v24.1.0',
      jsonWithin: false,
      fault: null,
      subjects: [
        {
          subject: { name: 'search', kind: 'tool' },
          calls: 10_600,
          errors: 0,
          firstError: null,
          warmUpCalls: 600,
          steady: false,
          timedCalls: 10_000,
          totalUs: { p50: 21, p90: 25, p95: 30, p99: 80, max: 900, mean: 23 },
          splitUs: { handler: 2, validation: 4, protocol: 15 },
          handlerUs: null,
          cpuUsPerCall: 25,
          jsonUs: { parseRequest: 1.5, stringifyAnswer: 2.5 },
          requestBytes: 80,
          answerBytes: 90,
        },
      ],
    },
  ],
};

const rendered = (what: Result, format: 'terminal' | 'md' | 'html'): string =>
  formats[format].render(what, bundle(), { color: false, width: 110 });

describe.each(['terminal', 'md', 'html'] as const)('a comparison in %s', (format) => {
  const text = rendered(slower, format).replace(/\s+/g, ' ');
  it('says the verdict first, and which limits are broken', () => {
    expect(text).toContain(
      'Slower than git:main (1a2b3c4d): what follows is surely worse (12 pairs of fresh processes).',
    );
    expect(text).toContain('Over the limit: cpu');
  });
  it('gives each figure before and after, with its bounds', () => {
    expect(text).toMatch(/CPU\/call.*worse/);
    expect(text).toContain('surely within');
  });
  it('tells an undecided limit from a broken one, and what was not compared', () => {
    expect(text).toContain('not enough evidence either way, which does not fail the run');
    expect(text).toContain('only the baseline has it');
  });
});

it('fits a terminal of 80 columns', () => {
  const text = formats.terminal.render(slower, bundle(), { color: false, width: 80 });
  expect(text.split('\n').filter((line) => line.length > 80)).toEqual([]);
});

describe.each(['terminal', 'md', 'html'] as const)('handlers in process in %s', (format) => {
  const text = rendered({ ...result(), inProcess }, format).replace(/\s+/g, ' ');
  it('are split, with the cost of JSON beside', () => {
    expect(text).toContain('1 subject timed in process, 10,000 calls, 2026.');
    expect(text).toContain('MCP 2026-07-28, Node 24.1.0');
    expect(text).toMatch(/search.*10,000.*21.*30.*80.*900.*2.*4.*15.*25.*4/);
    expect(text).toContain('No JSON is made in memory');
  });
  it('that were not warm are said to be', () => {
    expect(text).toContain('2026, search: still getting faster');
  });
});
