import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { examine } from './examination.ts';
import { expectTruthful, findingNames } from './truthful.ts';

const SERVER = fileURLToPath(new URL('../../../sick-servers/hash-on-main-thread/sick.js', import.meta.url));
const SCRIPT = fileURLToPath(new URL('../../../../scripts/node-versions.mjs', import.meta.url));
const VERSIONS = ['20.19.0', '22.23.3', '24.21.0', '26.10.0'];
/** `npm run smoke` tries them all; `npm test`, which itself runs on one, the newest. */
const tried = process.env['METTLE_SMOKE'] === 'all' ? VERSIONS : ['26.10.0'];
/** In which a raced server opens a database. */
const WITH_SQLITE = '24.21.0';

let nodes: Readonly<Record<string, string>> = {};

beforeAll(() => {
  const fetched = spawnSync(process.execPath, [SCRIPT, ...new Set([...tried, WITH_SQLITE])], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  nodes = JSON.parse(fetched.stdout) as Record<string, string>;
});

test.each(tried)('Mettle and its target both run on Node.js %s', async (version) => {
  const node = nodes[version] ?? '';
  const examination = await examine({ node, command: [node, SERVER], budgetSeconds: 10 });
  const { result } = examination;
  expect(result.node).toBe(`v${version}`);
  expect(result.target.node).toBe(`v${version}`);
  expect(findingNames(result)).toContain('blocked-event-loop login');
  expectTruthful(examination);
});

test('a database of a raced server is opened on a copy, by Node.js 24’s own SQLite', () => {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'mettle-test-')));
  const copy = join(folder, 'copy');
  mkdirSync(copy);
  const run = (body: string): string =>
    spawnSync(nodes[WITH_SQLITE] ?? '', ['--no-warnings', '--input-type=module', '-e', body], {
      encoding: 'utf8',
    }).stdout;
  const database = `const { DatabaseSync } = await import('node:sqlite');
    const notes = new DatabaseSync(${JSON.stringify(join(folder, 'notes.db'))});
    const count = () => notes.prepare('select count(*) as n from notes').get().n;`;
  const containment = new URL('../../dist/agent/containment.js', import.meta.url).href;
  run(`${database} notes.exec('create table notes (text)');`);
  const raced = `import { containWrites } from ${JSON.stringify(containment)}; containWrites(${JSON.stringify(copy)});
    ${database} notes.exec("insert into notes values ('raced')"); console.log(count(), notes instanceof DatabaseSync);`;
  expect(run(raced)).toBe('1 true\n');
  expect(run(raced)).toBe('2 true\n');
  expect(run(`${database} console.log(count());`)).toBe('0\n');
  rmSync(folder, { recursive: true, force: true });
});
