import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { appendFile, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { call, race, RaceError, type RaceScenario } from '../../../../src/testing.ts';

// Servers are started many times over: on a busy machine that alone takes a minute.
vi.setConfig({ testTimeout: 240_000 });

const planted = (name: string): URL =>
  new URL(`../../../explore/trials/fixtures/planted/${name}.mjs`, import.meta.url);

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'race-in-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

describe('a scenario', () => {
  test('passes where every order of events is explained, and says what was tried', async () => {
    const { coverage, trials, reset } = await race({
      server: { module: planted('c1-mutex') },
      calls: [call('add', { item: 'p' }), call('add', { item: 'q' })],
      observe: ['list'],
    });
    expect(coverage).toMatch(/every schedule with at most 2 preemptions/);
    expect(trials).toBeGreaterThan(9);
    expect(reset).toMatch(/^(files|factory): equivalent to a fresh process/);
  });

  test('works on a copy of the state, never on the state', async () => {
    writeFileSync(join(folder, 'k.json'), 'old');
    const failed = await race({
      server: { module: planted('b3-stale-cache') },
      state: { copy: folder, env: 'DATA_DIR' },
      calls: [call('get', { key: 'k' }), call('put', { key: 'k', value: 'new' })],
      observe: [call('get', { key: 'k' })],
    }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RaceError);
    expect(readFileSync(join(folder, 'k.json'), 'utf8')).toBe('old');
  });

  test('answers that depend on what else runs do not fail it, and are told', async () => {
    const { notes } = await race({
      server: { module: planted('c6-gauge') },
      calls: [call('work', { id: 'p' }), call('work', { id: 'q' })],
    });
    expect(notes.join()).toMatch(/An answer depends on the order of events \(replay A,B:/);
  });

  test('with one call, or with a server that is not there, is refused in one sentence', async () => {
    const server = { module: planted('b4-duplicate') };
    await expect(race({ server, calls: [call('create_user', { email: 'a' })] })).rejects.toThrow(
      /race takes two or three calls .* was given 1\./,
    );
    await expect(
      race({ server: { module: './no-such-file.mjs' }, calls: [call('a'), call('b')] }),
    ).rejects.toThrow(/no-such-file\.mjs does not exist/);
  });
});

describe('a limit of ten places, nine of them taken, and two who want the last one', () => {
  const example = (twin: string): RaceScenario => ({
    server: {
      command: [
        process.execPath,
        fileURLToPath(new URL(`../../../../../../examples/limit-exceeded/${twin}.js`, import.meta.url)),
      ],
    },
    setup: Array.from({ length: 9 }, (_none, i) => call('register', { name: `guest ${String(i)}` })),
    calls: [call('register', { name: 'Ada' }), call('register', { name: 'Grace' })],
    invariant: ({ answers }) => {
      const placed = answers.filter(({ value }) => String(value).startsWith('Place')).length;
      return placed === 1 || `${String(placed)} of two were given the last place`;
    },
  });

  test('are both given it where counting and adding are two steps, and what the invariant said is told', async () => {
    const failed = await race(example('sick')).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RaceError);
    const { message, token, violations } = failed as RaceError;
    expect(message).toContain('2 of two were given the last place');
    expect(message).toMatch(/limit-exceeded\/(sick|registrations)\.js:\d+/);
    expect(token).toMatch(/^A,B:/);
    expect(violations[0]?.reproduced).toBe(true);
  });

  test('are never both given it where exclusive() of @mettle/runtime makes them one', async () => {
    const { coverage } = await race(example('mended'));
    expect(coverage).toMatch(/every schedule with at most 2 preemptions/);
  });
});

describe('the plain form', () => {
  test('calls at once, again and again, and fails with the first invariant that breaks', async () => {
    const file = join(folder, 'count');
    const increment = async (): Promise<void> => {
      const seen = (await readFile(file, 'utf8').catch(() => '')).length;
      await appendFile(file, seen === 0 ? 'x' : '');
    };
    const failed = await race(increment, {
      calls: 5,
      times: 10,
      setup: () => rm(file, { force: true }),
      observe: () => readFile(file, 'utf8'),
      invariant: ({ observed }) => observed === 'x' || `"${String(observed)}" was written`,
    }).catch((error: unknown) => error);
    expect(failed).toBeInstanceOf(RaceError);
    expect((failed as Error).message).toMatch(
      /After 5 calls at once, the \d+(st|nd|rd|th) time: "xx+" was written/,
    );
  });

  test('passes what holds, and tells how little that is', async () => {
    const { coverage } = await race((i) => i, {
      calls: 3,
      times: 4,
      invariant: ({ answers }) => answers.join() === '0,1,2',
    });
    expect(coverage).toMatch(/^3 calls at once, 4 times, in whatever order came/);
  });

  test('tells of calls that never settle, and of those that fail', async () => {
    await expect(
      race((i) => (i === 1 ? new Promise(() => undefined) : i), { calls: 3, times: 1, hangMs: 50 }),
    ).rejects.toThrow(/1 of 3 calls at once did not settle within 50 ms, the 1st time/);
    await expect(race(() => Promise.reject(new Error('no')), { calls: 2 })).rejects.toThrow(
      /2 of 2 calls at once failed, the 1st time: no/,
    );
  });
});
