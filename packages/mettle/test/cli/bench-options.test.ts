import { describe, expect, it } from 'vitest';
import { BENCH_OPTIONS, benchSettings, wantsK6Script } from '../../src/cli/bench-options.ts';
import { parseOptions } from '../../src/cli/options.ts';
import { EXAMINED_REPLAY_OPTIONS, examinedReplay, withReplay } from '../../src/cli/replay-options.ts';
import { timeOf } from '../../src/cli/time-option.ts';
import { parseWorkload } from '../../src/run/index.ts';
import type { BenchSettings, Workload } from '../../src/run/index.ts';

function settings(words: readonly string[], kind: 'stdio' | 'http' = 'http'): BenchSettings {
  const options = parseOptions(words, BENCH_OPTIONS);
  return benchSettings(options.extra, kind, options.budgetSeconds);
}

describe('the load that options ask for', () => {
  it('is clients that wait for their answers, when no rate is given', () => {
    expect(settings([]).shape).toEqual({ kind: 'closed', connections: 4, inFlight: 1, thinkTimeMs: 0 });
    expect(settings([], 'stdio').shape).toMatchObject({ connections: 1, inFlight: 4 });
    expect(settings(['--connections', '3', '--in-flight', '2', '--think-time', '500ms']).shape).toEqual({
      kind: 'closed',
      connections: 3,
      inFlight: 2,
      thinkTimeMs: 500,
    });
  });

  it('is for a part of the budget where the knee is looked for as well', () => {
    const { durationMs, capacityMs } = settings(['--find-capacity', '--budget', '60']);
    expect(durationMs + capacityMs).toBeLessThanOrEqual(0.8 * 60_000);
    expect(capacityMs).toBeGreaterThan(durationMs);
    expect(settings(['--find-capacity'])).toMatchObject({ durationMs: 10_000, capacityMs: 60_000 });
    expect(settings(['--find-capacity', '--budget', '60', '--duration', '20s']).durationMs).toBe(20_000);
  });

  it('is a rate, a ramp, a spike or stages', () => {
    const stages = (...words: string[]): unknown => {
      const { shape } = settings(words);
      return shape.kind === 'open' ? shape.stages : null;
    };
    const at = (durationMs: number, from: number, to = from): unknown => ({
      durationMs,
      fromPerSecond: from,
      toPerSecond: to,
    });
    expect(stages('--rate', '50/s', '--duration', '5s')).toEqual([at(5000, 50)]);
    expect(stages('--ramp', '10..100', '--duration', '1m')).toEqual([at(60_000, 10, 100)]);
    expect(stages('--rate', '10', '--spike', '200')).toEqual([at(4000, 10), at(2000, 200), at(4000, 10)]);
    expect(stages('--stages', '10s:5,500ms:5..50')).toEqual([at(10_000, 5), at(500, 5, 50)]);
  });

  it('lasts as long as a budget leaves, or half an hour when soaking', () => {
    expect(settings([]).durationMs).toBe(10_000);
    expect(settings(['--budget', '100']).durationMs).toBe(70_000);
    expect(settings(['--soak']).durationMs).toBe(1_800_000);
    expect(settings(['--soak', '--duration', '2h']).durationMs).toBe(7_200_000);
  });

  it.each([
    [['--rate', '50', '--ramp', '1..2'], /--rate and --ramp say the same in two ways/],
    [['--spike', '50'], /--spike needs the usual rate beside it/],
    [['--rate', 'fast'], /--rate takes a rate in calls per second, above 0; "fast" is none/],
    [['--ramp', '5'], /--ramp takes two rates, such as 10\.\.500; "5" is none/],
    [['--ramp', '10-500'], /--ramp takes two rates, such as 10\.\.500; "10-500" is none/],
    [['--stages', '10s'], /--stages takes times with rates/],
    [['--stages', '10s:50,x'], /--stages takes times with rates, such as .*; "x" is none/],
    [['--rate', '5', '--think-time', '1s'], /--think-time is for clients that wait/],
    [['--arrivals', 'poisson'], /--arrivals is for an open loop/],
    [['--rate', '5', '--arrivals', 'random'], /--arrivals takes constant or poisson/],
    [['--duration', '0s'], /--duration takes a time such as 500ms/],
    [['--connections', '1.5'], /--connections takes a whole number from 1/],
    [['--p99-budget', '50ms'], /--p99-budget is for --find-capacity/],
    [['--arguments', 'wild'], /--arguments takes schema or adversarial/],
  ])('refuses %j in one sentence', (words, message) => {
    expect(() => settings(words)).toThrow(message);
  });

  it('reads times in the units of people', () => {
    expect(['250ms', '1.5s', '2m', '1h', '3'].map((text) => timeOf('--x', text))).toEqual([
      250, 1500, 120_000, 3_600_000, 3000,
    ]);
  });

  it('exports k6 scripts for HTTP only', () => {
    const { extra } = parseOptions(['--export', 'k6'], BENCH_OPTIONS);
    expect(wantsK6Script(extra, 'http')).toBe(true);
    expect(() => wantsK6Script(extra, 'stdio')).toThrow(/reached over HTTP/);
    expect(() => wantsK6Script({ export: ['locust'] }, 'http')).toThrow(/"locust" is none/);
  });
});

describe('a recording replayed', () => {
  const workload = parseWorkload(
    {
      schema: 'mettle/workload@1',
      calls: [{ tool: 'read' }],
      recording: {
        sessionStartsMs: [0],
        timeline: [0, 4000].map((atMs) => ({
          call: 0,
          session: 0,
          atMs,
          durationMs: 10,
          outcome: 'success',
        })),
      },
    },
    'w.json',
  );
  const replayed = (words: readonly string[], given: Workload | null = workload): BenchSettings => {
    const options = parseOptions(words, BENCH_OPTIONS);
    const load = benchSettings(options.extra, 'stdio', options.budgetSeconds);
    return withReplay(load, options.extra, given, options.budgetSeconds);
  };

  it('is its own load, at a pace that can be chosen', () => {
    expect(replayed(['--replay']).shape).toEqual({
      kind: 'replay',
      connections: 1,
      speed: 1,
      durationMs: 4000,
    });
    expect(replayed(['--replay', '--speed', '2x']).shape).toMatchObject({ speed: 2, durationMs: 2000 });
    expect(replayed(['--replay', '--longest-pause', '1s']).shape).toMatchObject({ durationMs: 1010 });
    expect(replayed(['--replay', '--duration', '2s']).replay).toMatchObject({ untilMs: 2000 });
    expect(replayed([]).replay).toBeNull();
  });

  it.each([
    [['--speed', '2'], /--speed is for replaying a recording/],
    [['--replay', '--rate', '5'], /--rate asks for another load/],
    [['--replay', '--speed', '0'], /--speed takes how many times the recording's pace/],
    [['--replay', '--compare', 'git:main'], /--replay is of one server: --compare/],
  ])('refuses %j in one sentence', (words, message) => {
    expect(() => replayed(words)).toThrow(message);
  });

  it('needs the recording', () => {
    expect(() => replayed(['--replay'], null)).toThrow(/give it with --workload FILE/);
  });
});

describe('a recording replayed by an examination', () => {
  const workload = parseWorkload(
    {
      schema: 'mettle/workload@1',
      calls: [{ tool: 'read' }],
      recording: { timeline: [{ call: 0, session: 0, atMs: 0, durationMs: 5, outcome: 'success' }] },
    },
    'w.json',
  );
  const replay = (
    words: readonly string[],
    {
      examination = 'check',
      given = workload,
    }: { readonly examination?: 'check' | 'profile' | 'leak'; readonly given?: Workload | null } = {},
  ): unknown => {
    const { extra } = parseOptions(words, EXAMINED_REPLAY_OPTIONS);
    return examinedReplay(examination, { typed: extra, values: extra }, given);
  };

  it('takes the options of mettle bench', () => {
    expect(replay([])).toBeNull();
    expect(replay(['--replay'])).toEqual({ speed: 1, longestPauseMs: null, untilMs: null });
    expect(
      replay(['--replay', '--speed', '4x', '--longest-pause', '1s', '--duration', '1m'], {
        examination: 'profile',
      }),
    ).toEqual({ speed: 4, longestPauseMs: 1000, untilMs: 60_000 });
  });

  it('says in a sentence why a recording cannot be used so', () => {
    expect(() => replay(['--replay'], { given: null })).toThrow(/give it with --workload FILE/);
    const mix = parseWorkload({ schema: 'mettle/workload@1', calls: [{ tool: 'read' }] }, 'w.json');
    expect(() => replay(['--replay'], { given: mix })).toThrow(/holds no recording to replay/);
    expect(() => replay(['--replay'], { examination: 'leak' })).toThrow(
      /mettle leak takes the calls of a recording as a mix/,
    );
    expect(() => replay(['--speed', '2'])).toThrow(/give --replay as well/);
    expect(() => replay(['--duration', '2s'])).toThrow(/--duration ends a replay early/);
  });

  it('is not asked for by what a config says of the load of mettle bench', () => {
    const { extra: typed } = parseOptions([], EXAMINED_REPLAY_OPTIONS);
    expect(examinedReplay('check', { typed, values: { ...typed, duration: '10s' } }, workload)).toBeNull();
  });
});
