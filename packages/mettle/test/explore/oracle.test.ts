import { describe, expect, test } from 'vitest';
import type { RaceAnswer, RaceCall, Trial } from '../../src/evidence/index.ts';
import { judge } from '../../src/explore/oracle/judge.ts';
import type { Judgement } from '../../src/explore/oracle/judge.ts';
import { ordersOf, runReferences } from '../../src/explore/oracle/references.ts';
import type { ReferenceResult } from '../../src/explore/oracle/references.ts';
import { explainsTheRest, refusedLanes } from '../../src/explore/oracle/refusal.ts';

const CALLS: readonly RaceCall[] = ['a', 'b'].map((id) => ({
  tool: 'add',
  arguments: { id },
  connection: 0,
}));

function trial({
  answers = ['ok', 'ok'],
  files = {},
  status = 'done',
  crash = null,
}: {
  readonly answers?: readonly (string | RaceAnswer)[];
  readonly files?: Readonly<Record<string, string>>;
  readonly status?: Trial['record']['status'];
  readonly crash?: string | null;
}): Trial {
  return {
    record: {
      status,
      steps: [],
      choices: [],
      divergedAt: null,
      uncontrolled: [],
      virtualMs: 0,
      overlap: 0,
      longestSynchronousCpuMs: 0,
      peakSockets: 0,
      peakFiles: 0,
      peakThreadPoolJobs: 0,
    },
    answers: answers.map((answer) =>
      typeof answer === 'string' ? { status: 'success', text: answer } : answer,
    ),
    observed: [],
    files,
    crash,
  };
}

function failed(text: string): RaceAnswer {
  return { status: 'tool-error', text };
}

/** Orders that give these trials, in turn. */
async function orders(
  trials: readonly Trial[],
  {
    calls = CALLS,
    ignore = [],
  }: { readonly calls?: readonly RaceCall[]; readonly ignore?: readonly string[] } = {},
): Promise<ReferenceResult> {
  const left = [...trials];
  return runReferences(calls, () => Promise.resolve(left.shift() ?? (trials.at(-1) as Trial)), {
    ignore,
    invariants: [],
  });
}

async function judged(
  seen: Trial,
  trials: readonly Trial[],
  options: { readonly calls?: readonly RaceCall[]; readonly ignore?: readonly string[] } = {},
): Promise<Judgement> {
  const result = await orders(trials, options);
  if (!result.judged) throw new Error(result.why);
  return judge(seen, result.references, []);
}

const inOrder = [
  trial({ files: { db: 'a\nb' } }),
  trial({ files: { db: 'a\nb' } }),
  trial({ files: { db: 'b\na' } }),
];

describe('what no order of the calls explains', () => {
  test('a state that some order leaves is explained, whichever order that is', async () => {
    expect(await judged(trial({ files: { db: 'b\na' } }), inOrder)).toEqual({ kind: 'explained' });
  });

  test('a state that no order leaves is a fault of the state', async () => {
    expect(await judged(trial({ files: { db: 'b' } }), inOrder)).toMatchObject({
      kind: 'fault',
      class: 'state',
    });
  });

  test('the same lines in an order that no sequence gives are a warning: a log, not a loss', async () => {
    const log = (lines: string): Trial => trial({ files: { log: lines } });
    const seen = log('a begins\nb begins\na ends\nb ends');
    const known = [
      log('a begins\na ends\nb begins\nb ends'),
      log('a begins\na ends\nb begins\nb ends'),
      log('b begins\nb ends\na begins\na ends'),
    ];
    expect(await judged(seen, known)).toMatchObject({ class: 'results' });
  });

  test('the same list with its parts in another order is a warning, a missing part is not', async () => {
    const db = (rows: readonly number[]): Trial =>
      trial({ files: { db: JSON.stringify({ rows: rows.map((id) => ({ id })) }) } });
    const known = [db([1, 2, 3]), db([1, 2, 3]), db([2, 1, 3])];
    expect(await judged(db([3, 1, 2]), known)).toMatchObject({ class: 'results' });
    expect(await judged(db([3, 1]), known)).toMatchObject({ class: 'state' });
  });

  test('an error that occurs in no order is a fault even when the state is in order', async () => {
    const seen = trial({ answers: ['ok', failed('Unexpected end of JSON input')], files: { db: 'a\nb' } });
    expect(await judged(seen, inOrder)).toMatchObject({ class: 'error' });
  });

  test('an error that some order gives too, but with another number, is a warning', async () => {
    const full = (count: number): Trial => trial({ answers: ['ok', failed(`full: ${count} users`)] });
    expect(await judged(full(9), [full(10)])).toMatchObject({ class: 'results' });
  });

  test('answers that no order gives are a warning when the state is in order', async () => {
    const seen = trial({ answers: ['ok', 'halfway'], files: { db: 'a\nb' } });
    expect(await judged(seen, inOrder)).toMatchObject({ class: 'results' });
  });

  test('a standstill is a hang, a time-out proves nothing, and neither does a schedule without an end', async () => {
    expect(await judged(trial({ status: 'deadlock' }), inOrder)).toMatchObject({ class: 'hang' });
    expect(await judged(trial({ status: 'timed-out' }), inOrder)).toMatchObject({ kind: 'inconclusive' });
    expect(await judged(trial({ status: 'livelock' }), inOrder)).toMatchObject({ kind: 'inconclusive' });
  });

  test('a process that ends is a crash', async () => {
    expect(await judged(trial({ crash: 'exited with code 1' }), inOrder)).toMatchObject({ class: 'crash' });
  });

  test('equal calls may change their answers with one another', async () => {
    const calls = [CALLS[0], CALLS[0]] as RaceCall[];
    const known = [trial({ answers: ['created', 'exists'] })];
    expect(await judged(trial({ answers: ['exists', 'created'] }), known, { calls })).toEqual({
      kind: 'explained',
    });
    expect(await judged(trial({ answers: ['exists', 'created'] }), known)).toMatchObject({
      class: 'results',
    });
  });

  test('of orders that differ only in which of two equal calls comes first, one is run', () => {
    expect(ordersOf([...CALLS, CALLS[0] as RaceCall])).toEqual([
      ['A', 'B', 'C'],
      ['A', 'C', 'B'],
      ['B', 'A', 'C'],
    ]);
  });
});

describe('what is not compared', () => {
  test.each([
    [
      'ids',
      'created 0f8fad5b-d9cb-469f-a165-70867728950e',
      'created 7c9e6679-7425-40de-944b-e07fc1f90ae7',
      'created 3f2504e0-4f89-41d3-9a0c-0305e82c3301',
    ],
    ['process ids', '{"pid":4711}', '{"pid":4712}', '{"pid":99}'],
    ['ports', 'at 127.0.0.1:40123', 'at 127.0.0.1:40124', 'at 127.0.0.1:50001'],
  ])('%s that vary between two runs of one order', async (_name, one, other, seen) => {
    const known = [trial({ answers: [one, 'ok'] }), trial({ answers: [other, 'ok'] })];
    expect(await judged(trial({ answers: [seen, 'ok'] }), known)).toEqual({ kind: 'explained' });
  });

  test('ids that are the same in two runs of one order are compared', async () => {
    const answers = ['created 0f8fad5b-d9cb-469f-a165-70867728950e', 'ok'];
    const seen = trial({ answers: ['created 7c9e6679-7425-40de-944b-e07fc1f90ae7', 'ok'] });
    expect(await judged(seen, [trial({ answers })])).toMatchObject({ class: 'results' });
  });

  test('readings of the virtual clock, and durations', async () => {
    const answers = (at: string, ms: number): Trial =>
      trial({ answers: [JSON.stringify({ at, ms }), `took ${ms} ms`] });
    const known = [answers('2032-02-10T00:00:00.003Z', 3)];
    expect(await judged(answers('2032-02-10T00:00:00.030Z', 30), known)).toEqual({ kind: 'explained' });
  });

  test('what the user says, in JSON files and in JSON within answers', async () => {
    const item = (updatedAt: number): Trial =>
      trial({
        answers: [JSON.stringify({ content: [{ text: JSON.stringify({ items: [{ updatedAt }] }) }] }), 'ok'],
        files: { db: JSON.stringify({ items: [{ updatedAt, id: 1 }] }) },
      });
    expect(await judged(item(5), [item(1)])).toMatchObject({ class: 'state' });
    expect(await judged(item(5), [item(1)], { ignore: ['$.items[*].updatedAt'] })).toEqual({
      kind: 'explained',
    });
    expect(await judged(item(5), [item(1)], { ignore: ['$..updatedAt'] })).toEqual({ kind: 'explained' });
  });

  test('a count that varies between two runs of one order is no clock: the case is not judged', async () => {
    const result = await orders([trial({ answers: ['n=1', 'ok'] }), trial({ answers: ['n=2', 'ok'] })]);
    expect(result).toMatchObject({
      judged: false,
      why: 'not deterministic by itself: one order run twice gave "success n=1" and "success n=2"',
    });
  });
});

describe('a call that is declined because another one is under way', () => {
  const busy = trial({ answers: ['ok', failed('busy, try again')], files: { db: 'a' } });

  test('is told by what the error says', () => {
    expect(refusedLanes(busy)).toEqual([1]);
    expect(refusedLanes(trial({ answers: ['ok', failed('Unexpected end of JSON input')] }))).toBeNull();
  });

  test('is explained when all else is as if it had not been made', async () => {
    const alone = await orders([trial({ answers: ['ok'], files: { db: 'a' } })], {
      calls: CALLS.slice(0, 1),
    });
    const changed = trial({ answers: ['ok', failed('busy, try again')], files: { db: 'a and half of b' } });
    if (!alone.judged) throw new Error(alone.why);
    expect(explainsTheRest(busy, CALLS, alone.references)).toBe(true);
    expect(explainsTheRest(changed, CALLS, alone.references)).toBe(false);
  });
});
