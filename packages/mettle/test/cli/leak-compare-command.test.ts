import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Host } from '../../src/cli/host.ts';
import { main } from '../../src/cli/main.ts';
import { addSessions, sessionServer } from '../builders/compared-heaps.ts';
import { resultIn } from '../builders/published-schemas.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  for (const [name, begins, more] of [
    ['before', 300, 0],
    ['after', 300, 100],
    ['other', 301, 100],
  ] as const) {
    const { heap, sessions } = sessionServer(begins);
    addSessions(heap, sessions, 5);
    addSessions(heap, sessions, more);
    await writeFile(join(folder, `${name}.heapsnapshot`), heap.bytes());
  }
  const bytes = await readFile(join(folder, 'before.heapsnapshot'));
  await writeFile(join(folder, 'cut.heapsnapshot'), bytes.subarray(0, bytes.length / 2));
  await writeFile(join(folder, 'notes.txt'), 'no snapshot');
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** What `mettle leak` prints and with which code it ends. */
async function leak(...args: readonly string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  const out = { stdout: '', stderr: '' };
  const output = (name: 'stdout' | 'stderr'): Host['stdout'] => ({
    isTerminal: false,
    columns: 100,
    write: (text) => {
      out[name] += text;
    },
  });
  const host: Host = {
    cwd: folder,
    env: {},
    stdout: output('stdout'),
    stderr: output('stderr'),
    signal: new AbortController().signal,
  };
  const code = await main(['leak', '--compare', ...args], host);
  return { code, ...out };
}

describe('mettle leak --compare', () => {
  test('says what holds more, by classes and by holders, with the path', async () => {
    const { code, stdout, stderr } = await leak('before.heapsnapshot', 'after.heapsnapshot');
    expect(code).toBe(1);
    expect(stdout).toContain('after.heapsnapshot against before.heapsnapshot · heap snapshots');
    expect(stdout).toContain('+100 Session (5 to 105): +105 KiB; Map retains');
    expect(stdout).toContain('module /srv/dist/sessions.js → Map "sessions" → entry Session');
    expect(stdout).toMatch(/closure onClose \(\/srv\/dist\/sessions\.js:12:5\) +5 +105 +100 +\+5\.47 KiB/);
    expect(stdout).toContain('heap-growth in the whole server, measured');
    expect(stdout).toContain('whether the growth goes on');
    expect(stderr).toContain('mettle: reading the second snapshot');
  });

  test('as JSON it is a result as of any run, with the leak check judged and the others skipped', async () => {
    const { code, stdout } = await leak(
      'before.heapsnapshot',
      'other.heapsnapshot',
      '--format',
      'json',
      '--out',
      'kept',
    );
    const result = resultIn(stdout);
    expect(code).toBe(0);
    expect(result).toMatchObject({
      schema: 'mettle/result@1',
      target: { kind: 'snapshots' },
      tools: [],
      checks: { leak: { status: 'found' }, cpu: { status: 'skipped' } },
      heapComparison: { sameProcess: false, before: { file: 'before.heapsnapshot' } },
    });
    expect(result.findings).toMatchObject([{ id: 'heap-growth', confidence: 'suspected', severity: 'low' }]);
    expect(await readdir(join(folder, 'kept'))).toEqual(
      expect.arrayContaining(['bundle.json', 'report.html', 'result.json']),
    );
    expect(await readFile(join(folder, 'kept/report.html'), 'utf8')).toContain('What holds more than before');
  });

  test.each([
    [[], '--compare takes two heap snapshots, the earlier one first'],
    [['before.heapsnapshot'], '--compare takes two heap snapshots'],
    [['before.heapsnapshot', 'before.heapsnapshot'], '--compare was given one file twice'],
    [['before.heapsnapshot', 'gone.heapsnapshot'], 'gone.heapsnapshot cannot be read (ENOENT).'],
    [['before.heapsnapshot', 'kept'], /kept (is not a file|cannot be read)/],
    [
      ['cut.heapsnapshot', 'after.heapsnapshot'],
      /^mettle: cut\.heapsnapshot: it ends in the middle, within "\w+"/m,
    ],
    [['notes.txt', 'after.heapsnapshot'], 'notes.txt: it is no V8 heap snapshot: "n" at byte 0'],
    [
      ['after.heapsnapshot', 'before.heapsnapshot'],
      'after.heapsnapshot was taken after before.heapsnapshot, by the ids in them: give the earlier one first.',
    ],
    [['before.heapsnapshot', 'after.heapsnapshot', '--', 'node'], '--compare looks at two files only'],
  ])('%j is refused in one sentence', async (args, sentence) => {
    const { code, stdout, stderr } = await leak(...args);
    expect(code).toBe(2);
    expect(stdout).toBe('');
    expect(stderr).toMatch(sentence);
  });
});
