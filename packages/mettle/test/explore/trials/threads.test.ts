import { fileURLToPath } from 'node:url';
import { describe, expect, test, vi } from 'vitest';
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

describe.for(['piscina', 'own', 'offload'])('tools that let a pool of threads compute: %s', (pool) => {
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
