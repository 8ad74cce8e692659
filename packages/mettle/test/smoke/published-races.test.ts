import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { call, race, RaceError, type RaceScenario } from '../../src/testing.ts';
import { examine } from './examination.ts';
import { fixture, runJest } from './jest.ts';

/*
 * Races that published servers have, found on them as they are; and one server that has none. What takes long is run
 * by `npm run smoke` alone.
 */

const all = process.env['METTLE_SMOKE'] === 'all';
const RELEASE = '2026.8.31';
let own: string;

beforeAll(() => {
  own = mkdtempSync(join(tmpdir(), 'published-races-'));
  for (const name of ['a', 'b', 'text'])
    writeFileSync(join(own, `${name}.txt`), name === 'text' ? 'one\ntwo\nthree\n' : name);
});
afterAll(() => rmSync(own, { recursive: true, force: true }));

const memory = (): RaceScenario['server'] => ({
  command: [process.execPath, script('server-memory')],
  env: { MEMORY_FILE_PATH: '{dir}/memory.jsonl' },
});
const files = (): Pick<RaceScenario, 'server' | 'state'> => ({
  server: { command: [process.execPath, script('server-filesystem'), '{dir}'] },
  state: { copy: own, env: 'PUBLISHED_RACES_STATE' },
});
const entity = (name: string): ReturnType<typeof call> =>
  call('create_entities', { entities: [{ name, entityType: 'thing', observations: [] }] });
const edit = (from: string, to: string): ReturnType<typeof call> =>
  call('edit_file', { path: '{dir}/text.txt', edits: [{ oldText: from, newText: to }] });
const move = (from: string): ReturnType<typeof call> =>
  call('move_file', { source: `{dir}/${from}.txt`, destination: '{dir}/taken.txt' });

describe('server-memory loses an update', () => {
  test('when two entities are created at once: found within ten schedules, at its own lines', async () => {
    const { message, violations } = await failureOf({
      server: memory(),
      calls: [entity('alpha'), entity('beta')],
      observe: ['read_graph'],
      preemptions: 1,
    });
    const [violation] = violations;
    expect(violation).toMatchObject({ class: 'state', preemptions: 1, reproduced: true });
    expect(violation?.foundInTrial).toBeLessThanOrEqual(10);
    expect(message).toMatch(/lost-update: 1 preemption/);
    expect(message).toMatch(/server-memory\/dist\/index\.js:\d+/);
  });

  test('when two processes share its file', async () => {
    const { violations } = await failureOf({
      server: memory(),
      calls: [entity('alpha'), entity('beta')],
      observe: ['read_graph'],
      processes: 2,
      preemptions: 1,
    });
    expect(violations[0]).toMatchObject({ class: 'state', reproduced: true });
    expect(violations[0]?.calls.map(({ connection }) => connection)).toEqual([0, 1]);
  });
});

describe('server-filesystem', () => {
  test('loses an edit when two are made to one file at once', async () => {
    const { violations } = await failureOf({
      ...files(),
      calls: [edit('one', 'ONE'), edit('three', 'THREE')],
      preemptions: 1,
    });
    expect(violations[0]).toMatchObject({ class: 'state', reproduced: true });
    expect(violations[0]?.outcome.answers.map(({ status }) => status)).toEqual(['success', 'success']);
    expect(readFileSync(join(own, 'text.txt'), 'utf8')).toBe('one\ntwo\nthree\n');
  });

  test('destroys a file when two are moved to one name at once', async () => {
    const { violations } = await failureOf({ ...files(), calls: [move('a'), move('b')], preemptions: 1 });
    const destroyed = violations.find((each) => each.class === 'state');
    expect(destroyed?.outcome.answers.map(({ status }) => status)).toEqual(['success', 'success']);
    expect(Object.keys(destroyed?.outcome.files ?? {})).toEqual(['taken.txt', 'text.txt']);
    expect(readFileSync(join(own, 'a.txt'), 'utf8')).toBe('a');
  });
});

describe.runIf(all)('at leisure', () => {
  test('every pair of server-memory’s tools is raced, and the pairs that lose something are told', async () => {
    const { result, stderr } = await examine({
      command: ['node', script('server-memory')],
      examination: 'race',
      env: { MEMORY_FILE_PATH: '{dir}/memory.jsonl' },
      words: ['--allow-writes', '--preemptions', '1'],
      budgetSeconds: 60,
    });
    expect(result.checks.race.status, stderr).toBe('found');
    expect(result.findings.map(({ id }) => id)).toContain('lost-update');
  });

  test('server-filesystem’s edits and moves are raced without a workload, on a copy of the folder that it is given', async () => {
    const { result, stderr } = await examine({
      command: ['node', script('server-filesystem'), 'data'],
      examination: 'race',
      words: ['--tool', 'write_file', '--tool', 'edit_file', '--tool', 'move_file', '--preemptions', '1'],
      prepare: (folder) => {
        mkdirSync(join(folder, 'data'));
        for (const name of ['a', 'b', 'text'])
          cpSync(join(own, `${name}.txt`), join(folder, 'data', `${name}.txt`));
      },
      budgetSeconds: 90,
    });
    const found = result.findings.map(({ id, tool }) => `${id} ${tool ?? ''}`);
    expect(found, stderr).toEqual(expect.arrayContaining(['lost-update edit_file', 'lost-update move_file']));
    expect(result.notes.join('\n')).toMatch(
      /was given copies of what its command and variables name: .*data\./,
    );
  });

  test('server-everything has no race', async () => {
    const { result, stderr } = await examine({
      command: ['node', script('server-everything'), 'stdio'],
      examination: 'race',
      budgetSeconds: 60,
    });
    expect(
      result.findings.map(({ id, tool }) => `${id} ${tool ?? ''}`),
      stderr,
    ).toEqual([]);
  });

  test('under jest, a race fails the test that has it, with the order of events, and no other', () => {
    const { status, output } = runJest(
      'race',
      `import { race } from 'mettle/testing';
       import { healthy, sick } from '${fixture('race/in-test/fixtures/scenarios.mjs')}';
       test('a name is claimed once', () => race(healthy));
       test('a user is made once', () => race(sick));`,
    );
    expect(status, output).toBe(1);
    expect(output).toMatch(/✓ a name is claimed once/);
    expect(output).toMatch(/✕ a user is made once/);
    expect(output).toMatch(/duplicate-effect: 1 preemption/);
    expect(output).toMatch(/readFile users\.csv/);
  });
});

async function failureOf(scenario: RaceScenario): Promise<RaceError> {
  const failed: unknown = await race(scenario).catch((error: unknown) => error);
  if (!(failed instanceof RaceError)) throw new Error('no race was found', { cause: failed });
  return failed;
}

function script(name: string): string {
  const scoped = `@modelcontextprotocol/${name}`;
  const folder = inject('serverFolders')[`${scoped}@${RELEASE}`] ?? '';
  return join(folder, 'node_modules', scoped, 'dist', 'index.js');
}
