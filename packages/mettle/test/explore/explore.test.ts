import { describe, expect, test } from 'vitest';
import type { RaceEvidence, ToolAnnotations } from '../../src/evidence/index.ts';
import { explore, exploreScenario, replay } from '../../src/explore/index.ts';
import type { MetCalls, RaceSubject } from '../../src/explore/index.ts';
import * as programs from './model/programs.ts';
import { ModelRunner } from './model/runner.ts';
import type { Model } from './model/runner.ts';

function subject(
  name: string,
  args: (number: number) => Record<string, unknown>,
  annotations: ToolAnnotations = {},
): RaceSubject {
  return { name, annotations, call: (number) => ({ tool: name, arguments: args(number), connection: 0 }) };
}

/** A clock that goes on by a millisecond with every look, so that budgets end after as many trials everywhere. */
function countingClock(): () => number {
  let now = 0;
  return () => (now += 1);
}

function explored(
  model: Model,
  subjects: readonly RaceSubject[],
  {
    budgetMs = 2500,
    preemptionBound = 2,
    met = [],
  }: { budgetMs?: number; preemptionBound?: number; met?: readonly MetCalls[] } = {},
): Promise<RaceEvidence> {
  return explore({
    runner: new ModelRunner(model),
    subjects,
    setup: [],
    observe: subjects
      .filter(({ annotations }) => annotations.readOnlyHint === true)
      .map(({ call }) => call(0)),
    connections: 1,
    processes: 1,
    workingCopy: 'an empty folder',
    preemptionBound,
    budgetMs,
    seed: 1,
    invariants: [],
    ignore: [],
    leftOut: [],
    met,
    now: countingClock(),
  });
}

const registering = [
  subject('register', (number) => ({ id: `user-${number}` })),
  subject('list', () => ({}), { readOnlyHint: true }),
];

describe('a whole server', () => {
  test('a limit that two calls on an empty server cannot reach is raced one step before it', async () => {
    const { violations, pairs } = await explored(programs.limitCheck, registering);
    const state = violations.filter((violation) => violation.class === 'state');
    expect(state).toHaveLength(1);
    expect(state[0]?.setup).toHaveLength(9);
    expect(state[0]?.replay).toBe('register@9,register@10;after=register@0-8;A,B:A#1>B');
    expect(pairs.find(({ subjects }) => subjects.join() === 'register,register')?.completeBound).toBe(2);
  });

  test('pairs that touch the same things are raced first, and every pair is in the matrix', async () => {
    const { pairs, coverage } = await explored(programs.counter, [
      subject('get', () => ({}), { readOnlyHint: true }),
      subject('increment', (number) => ({ by: number + 1 })),
    ]);
    expect(pairs.slice(0, 3).map(({ subjects, worst }) => [...subjects, worst])).toEqual([
      ['increment', 'increment', 'state'],
      ['get', 'increment', expect.anything()],
      ['get', 'get', null],
    ]);
    expect(coverage).toMatch(/every schedule with at most \d preemptions? at I\/O boundaries: \d+ trials/);
  });

  test('calls that are known to meet are raced before all others, whatever they touch', async () => {
    const { pairs } = await explored(
      programs.counter,
      [
        subject('get', () => ({}), { readOnlyHint: true }),
        subject('increment', (number) => ({ by: number + 1 })),
      ],
      {
        met: [
          [
            { subject: 'increment', number: 3 },
            { subject: 'get', number: 0 },
          ],
        ],
      },
    );
    expect(pairs.slice(0, 3).map(({ subjects }) => subjects)).toEqual([
      ['get', 'increment'],
      ['increment', 'increment'],
      ['get', 'get'],
    ]);
  });

  test('a correct server shows nothing, and the sentence says how far that was looked for', async () => {
    const evidence = await explored(programs.mutex, [
      subject('add', (number) => ({ item: `item-${number}` })),
      subject('list', () => ({}), { readOnlyHint: true }),
    ]);
    expect(evidence.violations.filter((violation) => violation.class !== 'results')).toEqual([]);
    expect(evidence.coverage).toContain('every schedule with at most 2 preemptions at I/O boundaries');
    expect(evidence.coverage).toContain('random schedules of 20 calls at once');
  });

  test('calls behind one lock do not overlap, whatever their number, and wait where the lock is taken', async () => {
    const { scaling } = await explored(programs.mutex, [
      subject('add', (number) => ({ item: `item-${number}` })),
    ]);
    expect(scaling[0]?.rows.map(({ calls, overlap }) => [calls, overlap])).toEqual([
      [1, 1],
      [2, 1],
      [10, 1],
      [50, 1],
    ]);
  });

  test('when the budget ends before anything was raced, no pair is called clean', async () => {
    const { pairs, coverage } = await explored(programs.limitCheck, registering, { budgetMs: 8 });
    expect(pairs.every(({ undecided }) => undecided !== null)).toBe(true);
    expect(coverage).toContain('not raced for want of time');
  });

  test('a server whose answers differ from run to run is not judged', async () => {
    const moody: Model = {
      create: (world) => ({
        tools: {
          *ask() {
            yield { op: 'timer', ms: 1 };
            return `mood ${world.uncontrolled()}`;
          },
        },
      }),
    };
    const { pairs, violations } = await explored(moody, [subject('ask', () => ({}))]);
    expect(violations).toEqual([]);
    expect(pairs[0]?.undecided).toMatch(
      /^not deterministic by itself: one order run twice gave "success mood/,
    );
  });
});

test('what was found is kept when the server does not start any more', async () => {
  const runner = new ModelRunner(programs.counter);
  const { violations, coverage } = await explore({
    runner: {
      reset: 'process',
      run: (request) =>
        runner.trials < 60 ? runner.run(request) : Promise.reject(new Error('the server does not start')),
      close: () => runner.close(),
    },
    subjects: [subject('increment', (number) => ({ by: number + 1 }))],
    setup: [],
    observe: [],
    connections: 1,
    processes: 1,
    workingCopy: 'an empty folder',
    preemptionBound: 2,
    budgetMs: 5000,
    seed: 1,
    invariants: [],
    ignore: [],
    leftOut: [],
    now: countingClock(),
  });
  expect(violations.map((violation) => violation.class)).toContain('state');
  expect(coverage).toContain('ended early: the server does not start');
});

describe('where order escapes control', () => {
  test('completions are delayed at random besides, and the sentence says so', async () => {
    const { coverage } = await explored({ ...programs.mutex, escapes: ['worker thread'] }, [
      subject('add', (number) => ({ item: `item-${number}` })),
    ]);
    expect(coverage).toMatch(/where control is lost: \d+ trials with random delays/);
  });

  test('a server whose answers differ for it is not judged, for that reason, and is raced with delays all the same', async () => {
    const moody: Model = {
      escapes: ['worker thread'],
      create: (world) => ({
        tools: {
          *ask() {
            yield { op: 'timer', ms: 1 };
            return `mood ${world.uncontrolled()}`;
          },
        },
      }),
    };
    const { pairs, violations, coverage } = await explored(moody, [subject('ask', () => ({}))]);
    expect(violations).toEqual([]);
    expect(pairs[0]?.undecided).toMatch(
      /^control is lost \(worker thread\), and not deterministic by itself: one order run twice gave/,
    );
    expect(coverage).toMatch(/where control is lost: \d+ trials with random delays/);
  });

  test('a fault that a fresh process does not show again is not reported, nor is the pair called clean', async () => {
    const runner = new ModelRunner({ ...programs.counter, escapes: ['worker thread'] });
    const healthy = new ModelRunner(programs.mutexedCounter);
    const calls = [1, 10].map((by) => ({ tool: 'increment', arguments: { by }, connection: 0 }));
    const { violations, pair } = await exploreScenario({
      runner: {
        reset: 'files',
        run: (request) => (request.fresh === true ? healthy : runner).run(request),
        close: () => runner.close(),
      },
      setup: [],
      calls,
      names: ['increment', 'increment'],
      observe: [],
      preemptionBound: 1,
      maxTrials: 100,
      seed: 1,
      invariants: [],
      ignore: [],
    });
    expect(violations).toEqual([]);
    expect(pair.undecided).toBe('a schedule looked wrong (state), and was not shown again by its steps');
  });
});

describe('a replay', () => {
  const options = {
    subjects: registering,
    setup: [],
    observe: [{ tool: 'list', arguments: {}, connection: 0 }],
    preemptionBound: 1,
    seed: 1,
    invariants: [],
    ignore: [],
  };
  const text = 'register@9,register@10;after=register@0-8;A,B:A#1>B';

  test('shows the fault again by its token', async () => {
    const result = await replay({ ...options, runner: new ModelRunner(programs.limitCheck), replay: text });
    expect(result.status).toBe('shown');
    expect(result.violation?.replay).toBe(text);
    expect(result.violation?.preemptions).toBe(1);
  });

  test('says that it is gone when the schedule can be followed and nothing is wrong', async () => {
    const mended: Model = {
      create: (world) => {
        const users = new Set<string>();
        return {
          tools: {
            *register({ id }) {
              if (users.size >= 10) return 'full';
              users.add(String(id));
              yield { op: 'timer', ms: 1 };
              return world.nowMs >= 0 ? 'ok' : '';
            },
            *list() {
              yield { op: 'timer', ms: 1 };
              return [...users].toSorted();
            },
          },
        };
      },
    };
    const result = await replay({ ...options, runner: new ModelRunner(mended), replay: text });
    expect([result.status, result.violation]).toEqual(['gone', null]);
  });

  test('says that it diverged when the step after which to interrupt is no more', async () => {
    const later = text.replace('A#1>B', 'A#1>B,B#7>A#3');
    const result = await replay({
      ...options,
      setup: [],
      runner: new ModelRunner(programs.mutexedLimit),
      replay: later,
    });
    expect(result.status).toBe('diverged');
    expect(result.divergedAt).not.toBeNull();
  });

  test.each([
    '',
    'A,B:A#2>B',
    'register@x;A,B:',
    'register@0,register@1;A,A:',
    'other@0,register@1;A,B:',
    'register@0;A,B:',
  ])('refuses %j in one sentence', async (bad) => {
    await expect(
      replay({ ...options, runner: new ModelRunner(programs.limitCheck), replay: bad }),
    ).rejects.toThrow(/replay/);
  });
});
