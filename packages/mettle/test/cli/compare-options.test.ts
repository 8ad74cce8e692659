import { describe, expect, it } from 'vitest';
import { compareSettings } from '../../src/cli/compare-options.ts';
import { thresholdsOf } from '../../src/cli/thresholds.ts';

const one = (term: string): unknown => thresholdsOf(term)[0];

describe('a limit of --fail-on', () => {
  it.each([
    ['p99>2x', { metric: 'p99', failsWhen: 'above', limit: 2, unit: 'ratio' }],
    ['cpu>1.1x', { metric: 'cpu', failsWhen: 'above', limit: 1.1, unit: 'ratio' }],
    ['cpu>+10%', { metric: 'cpu', failsWhen: 'above', limit: 1.1, unit: 'ratio' }],
    ['throughput<0.9x', { metric: 'throughput', failsWhen: 'below', limit: 0.9, unit: 'ratio' }],
    ['p99<50ms', { metric: 'p99', failsWhen: 'above', limit: 50, unit: 'ms' }],
    ['p99 > 0.05s', { metric: 'p99', failsWhen: 'above', limit: 50, unit: 'ms' }],
    ['throughput>200/s', { metric: 'throughput', failsWhen: 'below', limit: 200, unit: 'per-second' }],
    ['memory<300MB', { metric: 'memory', failsWhen: 'above', limit: 3e8, unit: 'bytes' }],
    ['errors<1%', { metric: 'errors', failsWhen: 'above', limit: 0.01, unit: 'share' }],
  ])('%s is understood, whichever way the sign stands', (term, expected) => {
    expect(one(term)).toMatchObject({ ...expected, expression: term });
  });
  it('stands beside severities and findings, which are none', () => {
    expect(thresholdsOf('high, cpu>1.2x, latency-tail').map(({ expression }) => expression)).toEqual([
      'cpu>1.2x',
    ]);
    expect(thresholdsOf(undefined)).toEqual([]);
  });
  it.each(['p99>', 'speed>2x', 'p99>fast', 'memory<3x/s'])('%s is refused with examples', (term) => {
    expect(() => thresholdsOf(term)).toThrow(/limits are such as p99>2x/);
  });
  it.each([
    ['p99<50', 'p99 takes a time or a ratio'],
    ['memory<300', 'memory takes a size or a ratio'],
    ['errors<1x', 'errors takes a percentage'],
  ])('%s is told which unit it lacks', (term, sentence) => {
    expect(() => thresholdsOf(term)).toThrow(sentence);
  });
});

describe('the options of a comparison', () => {
  const settings = (values: Record<string, string>, failOn = ''): unknown =>
    compareSettings(values, thresholdsOf(failOn), '/srv/shop');
  it('name files from the working folder', () => {
    expect(settings({ save: 'base.json' })).toMatchObject({ save: '/srv/shop/base.json', tolerance: 0.05 });
    expect(settings({ compare: 'git:main', tolerance: '10%' })).toMatchObject({
      compareWith: 'git:main',
      tolerance: 0.1,
    });
  });
  it.each([
    [{ compare: 'git:main', against: 'base.json' }, '', 'give one of them at a time'],
    [{ history: 'h.jsonl', compare: 'git:main' }, '', 'not with a comparison'],
    [{ tolerance: 'much' }, '', '--tolerance takes a percentage'],
    [{}, 'cpu>1.1x', 'is a ratio to another version'],
  ])('%j with %j are refused', (values, failOn, sentence) => {
    expect(() => settings(values as Record<string, string>, failOn)).toThrow(sentence);
  });
});
