import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CONTROL_EPOCH_MS } from '../../../src/agent/control-protocol.ts';
import type { ScheduleSpec } from '../../../src/evidence/index.ts';
import { control, traceOf } from './racing-target.ts';
import type { Outcome, RacingTarget } from './racing-target.ts';

const AB: ScheduleSpec = { strategy: 'sequential', order: ['A', 'B'] };
const BA: ScheduleSpec = { strategy: 'sequential', order: ['B', 'A'] };
const NO_PREEMPTION: ScheduleSpec = { strategy: 'prefix', decisions: [] };
const COUNTER = 'counter.txt';
const twice = (tool: string): { tool: string }[] => [{ tool }, { tool }];
const kinds = ({ record }: Outcome): readonly string[] => record.steps.map(({ id, kind }) => `${id} ${kind}`);

describe('a server under control', () => {
  let target: RacingTarget;
  beforeAll(async () => {
    target = await control(fileURLToPath(new URL('fixtures/racing.mjs', import.meta.url)));
  });
  afterAll(() => target.stop());

  it('does one call after the other as it does without control', async () => {
    const outcome = await target.race(twice('increment'), AB);
    expect(outcome).toMatchObject({ answers: ['1', '2'], files: { [COUNTER]: '2' } });
    expect((await target.race(twice('increment'), BA)).answers).toEqual(['2', '1']);
    expect(kinds(outcome).slice(0, 8)).toEqual([
      'A#1 call',
      'A#2 fs.readFile',
      'A#3 fs.readFile',
      'A#4 fs.open',
      'A#5 fs.write',
      'A#6 fs.writeFile',
      'A#7 answer',
      'B#1 call',
    ]);
    target.reset();
    expect([await target.call({ tool: 'increment' }), await target.call({ tool: 'increment' })]).toEqual([
      '1',
      '2',
    ]);
  });

  it('loses an update exactly where it is preempted between reading and writing', async () => {
    const whole = await target.race(twice('increment'), NO_PREEMPTION);
    expect(whole.files[COUNTER]).toBe('2');
    const decisions = ['A#1', 'A#2', 'B#1'];
    const preempted = await target.race(twice('increment'), { strategy: 'prefix', decisions });
    expect(preempted).toMatchObject({ answers: ['1', '1'], files: { [COUNTER]: '1' } });
    expect(preempted.record).toMatchObject({ status: 'done', divergedAt: null });
    const choice = preempted.record.choices[2];
    expect(choice).toEqual({ taken: 'B#1', others: ['A#3'], continues: 'A#3' });
    const again = preempted.record.steps.map(({ id }) => id);
    const replayed = await target.race(twice('increment'), { strategy: 'prefix', decisions: again });
    expect(traceOf(replayed.record)).toBe(traceOf(preempted.record));
    expect(replayed.record.divergedAt).toBe(null);
  });

  it('tells at which step decisions could not be followed', async () => {
    const decisions = ['A#1', 'A#2', 'A#9'];
    const { record } = await target.race(twice('increment'), { strategy: 'prefix', decisions });
    expect(record).toMatchObject({ status: 'done', divergedAt: 2 });
  });

  it('leaves alone what a lock protects, in every kind of schedule, and takes each schedule the same way twice', async () => {
    const schedules: ScheduleSpec[] = [
      ...[1, 2, 3].map((seed) => ({ strategy: 'random', seed }) as const),
      ...[1, 2, 3].map((seed) => ({ strategy: 'pos', seed }) as const),
      ...[1, 2, 3].map((seed) => ({ strategy: 'pct', seed, depth: 3, length: 14 }) as const),
      { strategy: 'breadth' },
    ];
    for (const schedule of schedules) {
      const one = await target.race(twice('incrementExclusively'), schedule);
      const two = await target.race(twice('incrementExclusively'), schedule);
      expect(one.files[COUNTER]).toBe('2');
      expect(one.record).toMatchObject({ status: 'done', uncontrolled: [] });
      expect(traceOf(two.record)).toBe(traceOf(one.record));
    }
  });

  it('runs without control, and with mere delays, where it is asked to', async () => {
    for (const schedule of [
      { strategy: 'free' },
      { strategy: 'delay', seed: 1, longestMs: 20 },
    ] as const satisfies ScheduleSpec[]) {
      const { record, answers } = await target.race(twice('incrementExclusively'), schedule);
      expect(record.status).toBe('done');
      expect(answers).toEqual(['1', '2']);
    }
  });

  it('proves a deadlock, in the presence of housekeeping, and serves on afterwards', async () => {
    const calls = ['a', 'b'].map((first) => ({ tool: 'lockBoth', args: { first } }));
    expect((await target.race(calls, AB)).answers).toEqual(['ok', 'ok']);
    const other = await control(fileURLToPath(new URL('fixtures/racing.mjs', import.meta.url)));
    try {
      const { record } = await other.race(calls, { strategy: 'breadth' });
      expect(record.status).toBe('deadlock');
      expect(await other.call({ tool: 'increment' })).toBe('1');
    } finally {
      await other.stop();
    }
  });

  it('gives up on a loop that polls for ever, and says that it does', async () => {
    const other = await control(fileURLToPath(new URL('fixtures/racing.mjs', import.meta.url)), {
      maxSteps: 100,
    });
    try {
      expect((await other.race([{ tool: 'poll' }], NO_PREEMPTION)).record.status).toBe('livelock');
    } finally {
      await other.stop();
    }
  });

  it('sleeps in no time', async () => {
    const { record, answers } = await target.race(
      [{ tool: 'longSleep' }, { tool: 'increment' }],
      NO_PREEMPTION,
    );
    expect(answers).toEqual(['slept', '1']);
    expect(record.virtualMs).toBe(5_000);
  });

  it('lets code go on that waits by reading the clock', async () => {
    expect((await target.race([{ tool: 'spin' }], NO_PREEMPTION)).answers).toEqual(['spun']);
  });

  it('gives each call its own random numbers in any schedule, and a clock in 2032', async () => {
    const one = await target.race(twice('volatile'), AB);
    const two = await target.race(twice('volatile'), { strategy: 'random', seed: 5 });
    const drawn = (outcome: Outcome): unknown[] =>
      outcome.answers.map((text) => (JSON.parse(text ?? '[]') as unknown[]).slice(0, 3));
    expect(drawn(two)).toEqual(drawn(one));
    expect(drawn(one)[0]).not.toEqual(drawn(one)[1]);
    const [, , , now, date] = JSON.parse(one.answers[0] ?? '[]') as [
      unknown,
      unknown,
      unknown,
      number,
      string,
    ];
    expect(now - CONTROL_EPOCH_MS).toBeLessThan(10);
    expect(date).toMatch(/^2032-02-10T/);
    // One after the other: not in the same millisecond.
    expect(one.answers[0]?.slice(-40)).not.toBe(one.answers[1]?.slice(-40));
  });

  it('writes a file in the parts in which Node does it', async () => {
    const parts = async (tool: string): Promise<readonly string[]> =>
      (await target.race([{ tool }], NO_PREEMPTION)).record.steps.map(
        ({ kind, detail }) => `${kind} ${detail}`,
      );
    expect((await parts('bigWrite')).slice(1, -1)).toEqual([
      'fs.open truncate',
      'fs.write 524288 B',
      'fs.write 524288 B',
      'fs.write 151424 B',
      'fs.writeFile ',
    ]);
    expect((await parts('bigWriteCallback')).slice(1, -1)).toEqual([
      'fs.open truncate',
      'fs.write 1200000 B',
      'fs.writeFile ',
    ]);
  });

  it('shows what is done synchronously where it happens, and names the files and the lines', async () => {
    const decisions = ['A#1', 'B#1'];
    const { record, files } = await target.race(
      twice('incrementSync'),
      { strategy: 'prefix', decisions },
      { [COUNTER]: '0' },
    );
    expect(files[COUNTER]).toBe('1');
    expect(record.steps.filter(({ lane }) => lane === 'A').map(({ kind }) => kind)).toEqual([
      'call',
      'fs.existsSync',
      'fs.readFileSync',
      'timer',
      'fs.writeFileSync',
      'answer',
    ]);
    expect(record.steps[3]).toMatchObject({ id: 'B#1' });
    const write = record.steps.find(({ kind }) => kind === 'fs.writeFileSync');
    expect(write).toMatchObject({ resource: COUNTER, writes: true, site: { function: 'incrementSync' } });
  });

  it('waits for the client where the server asks it something', async () => {
    const { record, answers } = await target.race(twice('askClient'), { strategy: 'random', seed: 2 });
    expect(answers).toEqual(['{"roots":[]}', '{"roots":[]}']);
    expect(record.uncontrolled).toEqual([]);
    expect(record.steps.filter(({ kind }) => kind === 'client.answer')).toHaveLength(2);
  });

  it.for([
    ['parallelSleep', { overlap: 10, virtualMs: 30 }],
    ['exclusiveSleep', { overlap: 1, virtualMs: 300 }],
    ['pooledSleep', { overlap: 3, virtualMs: 120 }],
    ['openFile', { overlap: 10, peakFiles: 10 }],
    ['hash', { overlap: 10, peakThreadPoolJobs: 10 }],
  ] as const)('tells how ten calls run together without a stopwatch: %s', async ([tool, expected]) => {
    const calls = Array.from({ length: 10 }, () => ({ tool }));
    expect((await target.race(calls, { strategy: 'breadth' })).record).toMatchObject(expected);
  });

  it('tells CPU on the main thread from CPU on the thread pool', async () => {
    const { record: burnt } = await target.race([{ tool: 'burn' }], NO_PREEMPTION);
    const { record: hashed } = await target.race([{ tool: 'hash' }], NO_PREEMPTION);
    expect(burnt.longestSynchronousCpuMs).toBeGreaterThan(10);
    expect(hashed.longestSynchronousCpuMs).toBeLessThan(burnt.longestSynchronousCpuMs / 2);
    expect(hashed.longestPoolJobCpuMs).toBeGreaterThan(10);
    expect(burnt.longestPoolJobCpuMs).toBeLessThan(10);
  });

  it('is led step by step from outside', async () => {
    target.reset();
    const run = target.lead(twice('increment'));
    let point = await run.settle();
    expect(point.enabled.map(({ id }) => id)).toEqual(['A#1', 'B#1']);
    for (const id of ['A#1', 'A#2', 'B#1', 'B#2']) point = await run.step(id);
    expect(point).toMatchObject({ continues: 'B#3', unanswered: ['A', 'B'], stuck: false });
    while (point.enabled[0] !== undefined) point = await run.step(point.enabled[0].id);
    const { record, answers } = await run.finish();
    expect(record.status).toBe('done');
    expect(answers).toEqual(['1', '1']);
  });
});
