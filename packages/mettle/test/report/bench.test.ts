import { describe, expect, it } from 'vitest';
import type { BenchEvidence, LoadShape } from '../../src/evidence/index.ts';
import { formats, type FormatName } from '../../src/report/index.ts';
import { resultOf } from '../../src/run/index.ts';
import { benchBundle, benchEvidence, block, subjectFigures } from '../builders/bench.ts';

function render(format: FormatName, some: Partial<BenchEvidence> = {}): string {
  const bundle = benchBundle(benchEvidence(some));
  return formats[format].render(resultOf(bundle, []), bundle, { color: false, width: 100 });
}

const failing = block(
  [
    subjectFigures('search', [1, 2, 3], { 'tool-error': ['<b>disk</b> full', 'x'], timeout: ['no answer'] }),
    subjectFigures('=cmd|"calc"', [5]),
  ],
  {
    driver: {
      cpuMsPerCall: 1,
      utilisation: 0.99,
      latenessMs: { p50: 1, p99: 9, max: 9 },
      parsedAnswers: 1,
      distrust:
        'the driver, not the server, was the limit; these figures are not to be trusted: it used 99 % of a core',
    },
  },
);

describe('a benchmark', () => {
  it('at a terminal says rate and percentiles first, with bounds and what was measured beside', () => {
    const text = render('terminal');
    expect(text).toContain('1,000 calls a second, p50 2.0 ms, p99 3.0 ms; no failures.');
    expect(text).toMatch(/search +2,000 +0 +2\.0 +2\.8 +2\.9 +3\.0 +3\.0 +3\.0/);
    expect(text).toMatch(/bounds +p50 2\.0 \(1\.\d to 2\.\d\)/);
    expect(text.replaceAll(/\s+/g, ' ')).toContain('driver on core 3, target on cores 0,1,2');
    expect(text).not.toContain('skipped');
    expect(text.split('\n').every((line) => line.length <= 100)).toBe(true);
  });

  it('says what a latency counts from, by the shape of the load', () => {
    const { shape, ...others } = block([subjectFigures('search', [1])]);
    const closed = { kind: 'closed', connections: 1, inFlight: 4, thinkTimeMs: 0 } as const;
    const open = {
      kind: 'open',
      connections: 1,
      arrivals: 'constant',
      stages: [{ durationMs: 1000, fromPerSecond: 10, toPerSecond: 10 }],
    } as const;
    expect([closed.kind, open.kind]).toContain(shape.kind);
    for (const format of ['terminal', 'html', 'openmetrics'] as const) {
      const of = (given: LoadShape): string => render(format, { blocks: [{ ...others, shape: given }] });
      expect(of(closed), format).toMatch(/latency.*from the call/i);
      expect(of(open), format).toMatch(/latency.*from the intended start/i);
    }
  });

  it('shows failures by kind, and never a failed call’s time', () => {
    const text = render('terminal', { blocks: [failing] });
    expect(text).toContain('3 of 6 calls failed (2 isError, 1 timed out)');
    expect(text).toContain('search: 2 isError, first: <b>disk</b> full');
    expect(text).toContain('The driver, not the server, was the limit; these figures are not to be trusted');
  });

  it('in Markdown takes no markup from the server', () => {
    const text = render('md', { blocks: [failing] });
    expect(text).toContain('\\<b\\>disk');
    expect(text).toContain('| latency in ms | calls | failed |');
    expect(text).toContain('not to be trusted');
  });

  it('as CSV has a row per subject and one for all, and no formula', () => {
    const rows = render('csv', { blocks: [failing] })
      .trimEnd()
      .split('\r\n');
    expect(rows[0]).toMatch(/^subject,kind,calls,ok,failed,throughput_per_second,p50_ms/);
    expect(rows).toHaveLength(4);
    expect(rows[1]).toMatch(/^search,tool,6,3,3,1\.5,2,/);
    expect(rows[2]).toMatch(/^"'=cmd\|""calc""",tool,1,1,0,/);
    expect(rows[3]).toMatch(/^,all,/);
  });

  it('as JUnit fails the subjects of which calls failed', () => {
    const text = render('junit', { blocks: [failing] });
    expect(text).toContain('tests="3" failures="1" errors="0" skipped="0"');
    expect(text).toContain('<failure message="3 of 6 calls failed (2 isError, 1 timed out)">&lt;b&gt;disk');
    expect(text).toContain('<testcase name="=cmd|&quot;calc&quot;" classname="shop"');
  });

  it('as OpenMetrics ends as the format asks and escapes its labels', () => {
    const text = render('openmetrics', { blocks: [failing] });
    expect(text.endsWith('# EOF\n')).toBe(true);
    expect(text).toContain(
      'mettle_bench_latency_seconds{server="shop",tool="search",quantile="0.5"} 0.002\n',
    );
    expect(text).toContain('mettle_bench_failures_total{server="shop",tool="search",kind="tool-error"} 2\n');
    expect(text).toContain('tool="=cmd|\\"calc\\""');
    expect(text).toContain('mettle_bench_trusted{server="shop"} 0\n');
  });

  it('as a page has the percentile plot, the time line and the curve of the search for the knee', () => {
    const step = {
      offeredPerSecond: 100,
      achievedPerSecond: 99,
      p50Ms: 2,
      p99: { value: 9, low: 8, high: 11 },
      failures: 0,
      mainUtilisation: 0.5,
      mainCpuMsPerCall: 5,
      processCpuMsPerCall: 6,
      littlesLaw: { meanInFlight: 1, throughputTimesLatency: 1, gap: 0, holds: true },
      distrust: null,
      verdict: 'within',
      why: null,
    } as const;
    const capacity = {
      p99BudgetMs: 10,
      fullLoadPerSecond: 150,
      steps: [
        step,
        {
          ...step,
          offeredPerSecond: 140,
          achievedPerSecond: 120,
          verdict: 'over',
          why: 'p99 of 80 ms is over 10 ms',
        } as const,
        // A slower one was disturbed once, and held when it was tried again.
        {
          ...step,
          offeredPerSecond: 90,
          verdict: 'over',
          why: 'it answered 70 of 90 calls a second',
        } as const,
      ],
      kneePerSecond: 100,
      overPerSecond: 140,
      cpuMsPerCall: 6,
      callsPerSecondPerCore: 166.7,
      thinkTimeMs: 10_000,
      usersPerCore: 1667,
      usersAtKnee: 1000,
    };
    const page = render('html', { capacity });
    expect(page).toContain('<h2>Benchmark</h2>');
    expect(page).toContain('one call in so many takes at least as long');
    expect(page).toContain('calls per second answered');
    expect(page).toContain(
      'Up to 100 calls a second keep p99 within 10.0 ms without failures; at 140 they do not (p99 of 80 ms is over 10 ms).',
    );
    expect(page).toContain('1,667 users who pause 10 s between calls');
  });

  it('with hostile arguments names what the server did not survive', () => {
    const adversarial = {
      tools: [{ name: 'search', planned: 20, calls: 20, answered: 15, refused: 4 }],
      cases: [
        {
          tool: 'search',
          what: 'a NUL character at query',
          outcome: 'crashed',
          detail: 'exit code 1',
          arguments: '{}',
          latencyMs: 1,
          mainCpuMs: 1,
        },
      ],
      restarts: 1,
    } as const;
    const text = render('terminal', { adversarial, blocks: [] });
    expect(text).toContain('20 hostile calls to 1 tool: 1 crashed or blocked the server.');
    expect(text).toContain('search: a NUL character at query: crashed: exit code 1');
  });

  it('keeps the figures, but not the requests, in the result', () => {
    const result = JSON.parse(render('json')) as { readonly bench: Readonly<Record<string, unknown>> };
    expect(result).toMatchObject({ schema: 'mettle/result@1', bench: { weights: { search: 1 } } });
    expect(result.bench['samples']).toBeUndefined();
  });
});
