import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ScheduleSpec } from '../../../src/evidence/index.ts';
import { control, traceOf } from './racing-target.ts';
import type { Call, Outcome, RacingTarget } from './racing-target.ts';

const SERVER = fileURLToPath(new URL('fixtures/threads.mjs', import.meta.url));
const COUNTER = 'counter.txt';
/** METTLE_REPLAYS=100 looks closer. */
const REPLAYS = Number(process.env['METTLE_REPLAYS'] ?? 5);
/** Of random schedules, each taken twice. */
const SEEDS = Math.max(4, Math.floor(REPLAYS / 4));
const POOLS = ['piscina', 'own', 'offload'];
const AB: ScheduleSpec = { strategy: 'sequential', order: ['A', 'B'] };
const twice = (tool: string, args: Call['args'] = {}): Call[] => [
  { tool, args },
  { tool, args },
];
const kinds = ({ record }: Outcome): readonly string[] =>
  record.steps.map(({ lane, kind }) => `${lane} ${kind}`);

describe('a server whose tools let other threads compute', () => {
  let target: RacingTarget;
  beforeAll(async () => {
    target = await control(SERVER, { env: () => ({ THREADS: '3' }) });
  });
  afterAll(() => target.stop());

  it.for(POOLS)('gets each answer as one step of the call that asked: %s', async (pool) => {
    const outcome = await target.race(twice('count', { pool, ms: 30 }), AB);
    expect(outcome).toMatchObject({ answers: ['1', '2'], files: { [COUNTER]: '2' } });
    expect(outcome.record).toMatchObject({ status: 'done', uncontrolled: [] });
    expect(kinds(outcome).slice(0, 9)).toEqual([
      'A call',
      'A fs.readFile',
      'A fs.readFile',
      'A port.message',
      'A fs.open',
      'A fs.write',
      'A fs.writeFile',
      'A answer',
      'B call',
    ]);
  });

  it.for(POOLS)('loses an update where it is preempted before it asks, alike each time: %s', async (pool) => {
    const calls = twice('count', { pool, ms: 5 });
    const decisions = ['A#1', 'A#2', 'B#1', 'B#2'];
    const first = await target.race(calls, { strategy: 'prefix', decisions });
    expect(first).toMatchObject({ answers: ['1', '1'], files: { [COUNTER]: '1' } });
    const steps = first.record.steps.map(({ id }) => id);
    for (let n = 0; n < REPLAYS; n++) {
      const again = await target.race(calls, { strategy: 'prefix', decisions: steps });
      expect(again.record).toMatchObject({ status: 'done', divergedAt: null, uncontrolled: [] });
      expect(traceOf(again.record)).toBe(traceOf(first.record));
      expect(again.files).toEqual(first.files);
    }
  });

  it.for(POOLS)('keeps what a lock protects, and the trace of each seed: %s', async (pool) => {
    const calls = twice('countExclusively', { pool, ms: 3 });
    for (let seed = 0; seed < SEEDS; seed++) {
      const schedule: ScheduleSpec = { strategy: 'random', seed };
      const one = await target.race(calls, schedule);
      const two = await target.race(calls, schedule);
      expect(one.files[COUNTER]).toBe('2');
      expect(one.record).toMatchObject({ status: 'done', uncontrolled: [] });
      expect(traceOf(two.record)).toBe(traceOf(one.record));
    }
  });

  it('lets no virtual time pass while a thread computes', async () => {
    const deadline = twice('pure', { pool: 'offload', ms: 300 });
    const short = twice('quickly', { pool: 'own', ms: 200 });
    for (const [calls, answer] of [
      [deadline, '42'],
      [short, '42'],
    ] as const)
      for (const schedule of [
        AB,
        { strategy: 'breadth' },
        { strategy: 'random', seed: 3 },
      ] as ScheduleSpec[]) {
        const { record, answers } = await target.race(calls, schedule);
        expect(answers).toEqual([answer, answer]);
        expect(record).toMatchObject({ status: 'done', uncontrolled: [] });
      }
  });

  it('counts a call as under way while a thread works for it, up to as many as there are threads', async () => {
    const calls = Array.from({ length: 6 }, () => ({ tool: 'pure', args: { pool: 'piscina', ms: 5 } }));
    for (const [width, tasks] of [
      [2, calls.slice(0, 2)],
      [3, calls],
    ] as const) {
      const { record } = await target.race(tasks, { strategy: 'breadth' });
      expect(record).toMatchObject({ status: 'done', uncontrolled: [], overlap: width });
    }
  });

  it('gives messages over ports of this thread in their order, to whoever listens', async () => {
    for (const tool of ['turns', 'broadcast']) {
      const outcomes = new Set<string>();
      for (let seed = 0; seed < 6; seed++) {
        const one = await target.race(twice(tool), { strategy: 'random', seed });
        const two = await target.race(twice(tool), { strategy: 'random', seed });
        const answer = tool === 'turns' ? '123xyz' : 'heard';
        expect(one.answers).toEqual([answer, answer]);
        expect(one.record).toMatchObject({ status: 'done', uncontrolled: [] });
        expect(traceOf(two.record)).toBe(traceOf(one.record));
        outcomes.add(traceOf(one.record));
      }
      expect(outcomes.size).toBeGreaterThan(1);
    }
  });

  it('gives several answers to one question in their order', async () => {
    const { record, answers } = await target.race(twice('several', { steps: 3 }), { strategy: 'breadth' });
    expect(answers).toEqual(['123', '123']);
    expect(record.status).toBe('done');
  });
});

it.for(['async', 'disabled'])(
  'piscina is under control however its threads are woken: %s',
  async (atomics) => {
    const target = await control(SERVER, { env: () => ({ POOLS: 'piscina', ATOMICS: atomics }) });
    try {
      for (let seed = 0; seed < SEEDS; seed++) {
        const trial = async (): Promise<string> => {
          const calls = twice('count', { pool: 'piscina', ms: 2 });
          const { record, files } = await target.race(calls, { strategy: 'random', seed });
          expect(record).toMatchObject({ status: 'done', uncontrolled: [] });
          return `${files[COUNTER]}\n${traceOf(record)}`;
        };
        expect(await trial()).toBe(await trial());
      }
    } finally {
      await target.stop();
    }
  },
);

describe('where control over threads is lost', () => {
  const SILENT = 'a worker thread that did not answer within 3 s';
  const UNASKED = 'messages that a worker thread sends unasked';
  let target: RacingTarget;
  beforeAll(async () => {
    target = await control(SERVER, { env: () => ({ THREADS: '1' }) });
  });
  afterAll(() => target.stop());

  it('says of a thread that does not answer that it did not, and waits no more for what is never answered', async () => {
    const first = await target.race(twice('tell'), AB);
    expect(first).toMatchObject({ answers: ['0', '0'], record: { status: 'done', uncontrolled: [SILENT] } });
    const later = await target.race(twice('tell'), AB);
    expect(later).toMatchObject({ answers: ['0', '0'], record: { status: 'done', uncontrolled: [] } });
  });

  it('says so of a thread that computes for longer, and passes no deadline meanwhile', async () => {
    const { record, answers } = await target.race(
      [{ tool: 'pure', args: { pool: 'offload', ms: 3_500 } }, { tool: 'tell' }],
      { strategy: 'breadth' },
    );
    expect(answers).toEqual(['42', '0']);
    expect(record).toMatchObject({ status: 'done', uncontrolled: [SILENT] });
  });

  it('says so of a thread that speaks by itself', async () => {
    const { record, answers } = await target.race([{ tool: 'unasked', args: { ms: 50 } }], AB);
    expect(answers).toEqual(['first second']);
    expect(record).toMatchObject({ status: 'done', uncontrolled: [UNASKED] });
  });

  it('takes who is woken by this thread in each order, and says so of who is woken by another', async () => {
    const woken = new Set<string | null>();
    for (let seed = 0; seed < 6; seed++) {
      const calls = [{ tool: 'waitForHere' }, { tool: 'waitForHere' }];
      const { record, answers } = await target.race(calls, { strategy: 'random', seed });
      expect(record).toMatchObject({ status: 'done', uncontrolled: [] });
      woken.add(answers.join());
    }
    expect([...woken]).toEqual(['ok,ok']);
    const { record, answers } = await target.race([{ tool: 'waitForThread', args: { ms: 20 } }], AB);
    expect(answers).toEqual(['ok']);
    expect(record.uncontrolled).toContain('Atomics.waitAsync, woken by a worker thread');
  });

  it('keeps messages in their order where they are merely delayed', async () => {
    for (let seed = 0; seed < 5; seed++) {
      const schedule: ScheduleSpec = { strategy: 'delay', seed, longestMs: 20 };
      const { record, answers } = await target.race(twice('several', { steps: 5 }), schedule);
      expect(answers).toEqual(['12345', '12345']);
      expect(record.status).toBe('done');
    }
  });
});
