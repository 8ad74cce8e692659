import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, test, vi } from 'vitest';

// Servers are started many times over: on a busy machine that alone takes a minute.
vi.setConfig({ testTimeout: 240_000 });

const fixtures = fileURLToPath(new URL('fixtures', import.meta.url));
const vitest = fileURLToPath(new URL('../../../../../../node_modules/vitest/vitest.mjs', import.meta.url));

/** A runner of its own, with the one test that fails and the one that passes. */
function runTests(...words: readonly string[]): { readonly status: number | null; readonly output: string } {
  const env = { ...process.env, NO_COLOR: '1', FORCE_COLOR: '0', NODE_OPTIONS: '' };
  for (const name of ['NODE_TEST_CONTEXT', 'VITEST', 'VITEST_WORKER_ID', 'VITEST_POOL_ID'])
    delete (env as Record<string, string | undefined>)[name];
  const run = spawnSync(process.execPath, words, { cwd: fixtures, encoding: 'utf8', env });
  return { status: run.status, output: run.stdout + run.stderr };
}

/** The order of events in columns, what came of it and what would have been right. */
function expectTimeline(output: string): void {
  expect(output).toMatch(
    /RaceError\]?: A race between create_user and create_user: \d+ of \d+ schedules end as/,
  );
  expect(output).toMatch(
    /duplicate-effect: 1 preemption, found in schedule \d+, shown again in a fresh process/,
  );
  expect(output).toContain('replay A,B:A#');
  expect(output).toMatch(/A create_user +│ B create_user/);
  expect(output).toMatch(/readFile users\.csv +│ · +\S*b4-duplicate\.mjs:7/);
  expect(output).toMatch(/observed .*users\.csv a@b ⏎ a@b/);
}

test('under node:test, a race fails the test that has it, with the order of events, and no other', () => {
  const { status, output } = runTests('--test', '--test-reporter=spec', 'node-runner.mjs');
  expect(status, output).toBe(1);
  expect(output).toMatch(/✔ a name is claimed once/);
  expect(output).toMatch(/✖ a user is made once/);
  expectTimeline(output);
});

// `npm test` runs race() under vitest as it is (race.test.ts), and has time for the output of one runner.
test.runIf(process.env['METTLE_SMOKE'] === 'all')(
  'under vitest, a race fails the test that has it, with the order of events, and no other',
  () => {
    const { status, output } = runTests(vitest, 'run', '--root', fixtures, '--reporter=verbose');
    expect(status, output).toBe(1);
    expect(output).toMatch(/✓ .*a name is claimed once/);
    expect(output).toMatch(/× .*a user is made once/);
    expect(output).toMatch(/vitest-runner\.test\.mjs:10:/);
    expectTimeline(output);
  },
);
