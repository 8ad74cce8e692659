import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { readBundle, writeBundle } from '../../src/run/bundle.ts';
import { plan } from '../../src/run/plan.ts';
import { resultOf } from '../../src/run/result.ts';
import { leakRun } from '../builders/heap.ts';
import type { HeapBuilder } from '../builders/heap.ts';
import { bundleWith, exercised } from './builders.ts';

describe('the result', () => {
  test('a tool whose every call failed is "not measured", never fast', () => {
    const { tools } = resultOf(
      bundleWith({ exercise: exercised([{ name: 'read', calls: 9, errors: 9 }]) }),
      [],
    );
    expect(tools[0]).toMatchObject({
      calls: 9,
      errors: 9,
      latencyMs: null,
      reason: 'not measured: every call failed, first error: no such file',
    });
  });

  test('a tool whose every call failed, where leaks were looked for, was examined by what those leave behind', () => {
    const { heapGrowth } = leakRun().calls('read', 'failed').evidence();
    const { tools } = resultOf(
      bundleWith({ heapGrowth, exercise: exercised([{ name: 'read', calls: 9, errors: 9 }]) }),
      [],
    );
    expect(tools[0]?.reason).toBe(
      'only what failing calls leave behind was examined: every call failed, first error: no such file',
    );
  });

  test('a tool that was not called says why', () => {
    const { tools } = resultOf(
      bundleWith({ exercise: exercised([{ name: 'drop', calls: 0, errors: 0 }]) }),
      [],
    );
    expect(tools[0]).toMatchObject({ exercised: false, reason: 'not called: it is not marked read-only' });
  });
});

describe('what a call leaves behind', () => {
  const retained = (run: HeapBuilder): (number | null | undefined)[] => {
    const evidence = run.evidence();
    const subjects = evidence.heapGrowth.subjects.map(({ name }) => ({ name, calls: 10, errors: 0 }));
    const { tools } = resultOf(
      bundleWith({ heapGrowth: evidence.heapGrowth, exercise: exercised(subjects) }),
      [],
    );
    return tools.map((tool) => tool.retainedBytesPerCall);
  };

  test('is the sum of what never ends, in bytes per call', () => {
    expect(
      retained(
        leakRun()
          .calls('open')
          .grows({ bytesPerCall: 1422 })
          .grows({ bytesPerCall: 100 })
          .growsUpTo(500, { bytesPerCall: 9000 })
          .calls('search'),
      ),
    ).toEqual([1522, 0]);
  });

  test('is unknown when nobody looked', () => {
    const { tools } = resultOf(
      bundleWith({ exercise: exercised([{ name: 'open', calls: 5, errors: 0 }]) }),
      [],
    );
    expect(tools[0]?.retainedBytesPerCall).toBeNull();
  });
});

describe('the plan', () => {
  test('uses the whole budget, least disturbing stages first', () => {
    const { stages } = plan({ examination: 'check', budgetMs: 60_000, noAgent: null });
    expect(stages.reduce((sum, stage) => sum + stage.budgetMs, 0)).toBeCloseTo(60_000);
    expect(stages.map((stage) => stage.disturbance)).toEqual([
      'passive',
      'passive',
      'passive',
      'sampling',
      'tracing',
      'stop-the-world',
      'stop-the-world',
    ]);
  });

  test('races for long enough, or leaves the time to the others', () => {
    const names = (budgetMs: number): readonly string[] =>
      plan({ examination: 'check', budgetMs, noAgent: null }).stages.map((stage) => stage.name);
    expect(names(60_000).slice(-2)).toEqual(['leak', 'race']);
    expect(names(30_000).at(-1)).toBe('leak');
    const { absent } = plan({ examination: 'check', budgetMs: 30_000, noAgent: null });
    expect(absent.race).toMatch(/too little time.*run npx mettle race, or raise --budget to 38$/);
  });

  test('looks into the heap for long enough, or not at all when it has other things to do', () => {
    const short = plan({
      examination: 'check',
      budgetMs: 10_000,
      noAgent: null,
      targetArguments: '-- node server.js',
    });
    expect(short.stages.map((stage) => stage.name)).not.toContain('leak');
    expect(short.stages.reduce((sum, stage) => sum + stage.budgetMs, 0)).toBeCloseTo(10_000);
    expect(short.absent.heapGrowth).toMatch(
      /too little time.*run npx mettle leak -- node server\.js, or raise --budget to 26$/,
    );
    const alone = plan({ examination: 'leak', budgetMs: 5000, noAgent: null });
    expect(alone.stages).toMatchObject([{ name: 'leak', budgetMs: 5000 }]);
  });

  test('allows more on top for what must be seen, the more processes want each core', () => {
    const onTopOf = (loadPerCore: number): number => {
      const [stage] = plan({ examination: 'check', budgetMs: 60_000, loadPerCore, noAgent: null }).stages;
      return (stage?.onTopMs ?? 0) / (stage?.budgetMs ?? 1);
    };
    expect([0, 1, 2, 3, 10].map(onTopOf)).toEqual([0.5, 0.5, 1, 1.5, 2]);
  });

  test('without an agent its stages are left out, their evidence absent with the reason', () => {
    const { stages, absent } = plan({ examination: 'check', budgetMs: 10_000, noAgent: 'not Node.js' });
    expect(stages.map((stage) => stage.name)).toEqual(['solo', 'batches', 'mixed']);
    expect(stages.reduce((sum, stage) => sum + stage.budgetMs, 0)).toBeCloseTo(10_000);
    expect(absent).toEqual({
      blocking: 'not Node.js',
      cpuProfile: 'not Node.js',
      heapGrowth: 'not Node.js',
      lookingCost: 'not Node.js',
      overlap: 'not Node.js',
      race: 'not Node.js',
      sources: 'not Node.js',
      waiting: 'not Node.js',
    });
  });

  test('of a profile gives the samples most of the time and says what it leaves out', () => {
    const { stages, absent } = plan({ examination: 'profile', budgetMs: 10_000, noAgent: null });
    expect(stages.find((stage) => stage.name === 'blocking')?.budgetMs).toBeGreaterThan(5000);
    expect(absent).toEqual({
      concurrency: 'not part of mettle profile',
      heapGrowth: 'not part of mettle profile',
      race: 'not part of mettle profile',
    });
  });
});

describe('the bundle on disk', () => {
  const made: string[] = [];
  afterEach(async () => {
    await Promise.all(made.splice(0).map((directory) => rm(directory, { recursive: true })));
  });
  const temporary = async (): Promise<string> => {
    const directory = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    made.push(directory);
    return directory;
  };

  test('is read back as it was written, with no partial file left', async () => {
    const directory = join(await temporary(), 'run');
    const bundle = bundleWith({ exercise: exercised([{ name: 'read', calls: 3, errors: 0 }]) });
    await writeBundle(directory, bundle);
    expect(await readBundle(directory)).toEqual(bundle);
    expect(
      (await readdir(directory, { recursive: true })).filter((name) => name.endsWith('.partial')),
    ).toEqual([]);
  });

  test('a directory that is no bundle is refused with a sentence', async () => {
    await expect(readBundle(await temporary())).rejects.toThrow('is not a Mettle bundle');
  });
});
