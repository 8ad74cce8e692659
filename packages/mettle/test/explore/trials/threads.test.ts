import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
import { chooseRunner, Trials, type TrialRequest } from '../../../src/explore/index.ts';
import { call, race, RaceError, type RaceScenario } from '../../../src/testing.ts';

// Servers with pools of threads are started several times over.
vi.setConfig({ testTimeout: 240_000 });

const SERVER = fileURLToPath(new URL('../../agent/control/fixtures/threads.mjs', import.meta.url));

function scenario(
  pool: string,
  calls: RaceScenario['calls'],
  more: Partial<RaceScenario> = {},
): RaceScenario {
  return {
    server: { command: [process.execPath, SERVER], env: { POOLS: pool, THREADS: '2' } },
    calls,
    preemptions: 1,
    ...more,
  };
}

/** `npm run smoke` has every pool; `npm test` has each under control (test/agent/control/threads), and races one. */
const POOLS = process.env['METTLE_SMOKE'] === 'all' ? ['piscina', 'own', 'offload'] : ['piscina'];

describe.for(POOLS)('tools that let a pool of threads compute: %s', (pool) => {
  const counting = call('count', { pool, ms: 5 });

  test('lose an update between reading and writing, found and shown again', async () => {
    const error = await race(scenario(pool, [counting, counting])).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(RaceError);
    const { violations, message } = error as RaceError;
    expect(violations[0]).toMatchObject({ class: 'state', reproduced: true });
    expect(violations[0]?.preemptions).toBeLessThanOrEqual(1);
    expect(message).toContain('port.message');
    expect(message).not.toContain('control is lost');
  });

  test('lose nothing behind a lock', async () => {
    const exclusively = call('countExclusively', { pool, ms: 2 });
    const { coverage, notes } = await race(scenario(pool, [exclusively, exclusively]));
    expect(coverage).toMatch(
      /^every schedule with at most 1 preemption at I\/O boundaries: \d+ trials, 1 pair$/,
    );
    expect(notes).toEqual([]);
  });

  test('are deterministic where they only compute', async () => {
    const pure = call('pure', { pool, ms: 10 });
    const { coverage, notes } = await race(scenario(pool, [pure, call('pure', { pool, ms: 2 })]));
    expect(coverage).toMatch(
      /^every schedule with at most 1 preemption at I\/O boundaries: \d+ trials, 1 pair/,
    );
    expect(notes).toEqual([]);
  });
});

test('calls whose threads speak by themselves are raced with delays besides, and it is said', async () => {
  const unasked = call('unasked', { ms: 30 });
  const { coverage, notes } = await race(scenario('own', [unasked, call('count', { pool: 'own', ms: 1 })]));
  expect(coverage).toMatch(/where control is lost: 10 trials with random delays/);
  expect(notes.join('\n')).toContain('Control is lost: messages that a worker thread sends unasked.');
});

test('a server that is imported anew does not pile up the threads of its pools', async () => {
  const file = fileURLToPath(new URL('../../agent/control/fixtures/pool-in-memory.mjs', import.meta.url));
  const trials = await Trials.open({
    target: { kind: 'stdio', command: [process.execPath, file], env: {}, cwd: process.cwd() },
    state: null,
    replies: {},
    processes: 1,
    connections: 1,
  });
  try {
    const counting = { tool: 'count', arguments: {}, connection: 0 };
    const trial = (): TrialRequest => ({
      setup: [],
      calls: [counting],
      observe: [{ tool: 'pools', arguments: {}, connection: 0 }],
      schedule: { strategy: 'sequential', order: ['A'] },
    });
    const runner = await chooseRunner(trials, [], 'reimport');
    const made: number[] = [];
    // There may be 17 pools at a time: the process that has them has to be left once.
    for (let n = 0; n < 24; n++) {
      const { answers, observed, record } = await runner.run(trial());
      expect(record).toMatchObject({ status: 'done', uncontrolled: [] });
      expect(answers[0]?.text).toContain('"1"');
      made.push(Number(/\d+/.exec(observed[0]?.text ?? '')));
    }
    expect(Math.max(...made)).toBeGreaterThan(1);
    // Two threads each, 32 at most.
    expect(Math.max(...made)).toBeLessThanOrEqual(17);
  } finally {
    await trials.close();
  }
});
