import { mkdtemp, readdir, rm, writeFile } from 'node:fs/promises';
import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Result } from '../../src/evidence/index.ts';
import { resultIn } from '../builders/published-schemas.ts';

const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
const NOTEBOOK = fileURLToPath(new URL('../../../sick-servers/lost-update/', import.meta.url));
/** One schedule of a real server, in some processes of its own: seconds, more on a busy machine. */
const SLOW_MS = 180_000;
/** Both read the empty notebook, and the second write puts the first one's note away. */
const LOST = 'add_note@0,add_note@1;A,B:A#2>B';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** `mettle race --replay TOKEN` of a notebook: the exit code, the result, what stood on stderr. */
async function replay(
  token: string,
  twin: 'sick' | 'healthy',
): Promise<{ readonly code: number; readonly result: Result | null; readonly stderr: string }> {
  const words = [
    'race',
    '--replay',
    token,
    '--tool',
    'add_note',
    '--tool',
    'list_notes',
    '--quiet',
    '--format',
    'json',
  ];
  return run([...words, '--', 'node', join(NOTEBOOK, `${twin}.js`)]);
}

async function run(
  words: readonly string[],
): Promise<{ readonly code: number; readonly result: Result | null; readonly stderr: string }> {
  const child = spawn(process.execPath, [METTLE, ...words], {
    cwd: folder,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number]>,
  ]);
  return { code, stderr, result: stdout === '' ? null : resultIn(stdout) };
}

describe('mettle race --replay', () => {
  test(
    'shows the fault again, with its lanes, its line and the command that shows it',
    { timeout: SLOW_MS },
    async () => {
      const { code, result } = await replay(LOST, 'sick');
      expect(code).toBe(1);
      expect(result?.findings).toHaveLength(1);
      const [finding] = result?.findings ?? [];
      expect(finding).toMatchObject({ id: 'lost-update', tool: 'add_note', severity: 'high' });
      expect(finding?.location?.function).toBe('save');
      expect(finding?.evidence[0]).toMatchObject({
        kind: 'interleaving',
        lanes: ['A add_note', 'B add_note'],
      });
      expect(finding?.verify.command).toContain(`--replay '${LOST}'`);
      expect(result?.notes).toContain(`The schedule ${LOST} shows the fault again.`);
      // All that the server wrote went to its working copy.
      expect(await readdir(folder)).toEqual(['.mettle']);
    },
  );

  test('says that it is gone once reading and writing are one', { timeout: SLOW_MS }, async () => {
    const { code, result } = await replay(LOST, 'healthy');
    expect(code).toBe(0);
    expect(result?.findings).toEqual([]);
    expect(result?.notes.join('\n')).toMatch(/^(Gone: the schedule|The code diverged at step \d+)/m);
  });

  test('says in a sentence what is no token', { timeout: SLOW_MS }, async () => {
    const { code, stderr } = await replay('first the one, then the other', 'sick');
    expect(code).toBe(2);
    expect(stderr).toMatch(/^mettle: ".*" is no replay: one looks like ".*"/);
  });
});

test(
  'a server that does not start where it is raced is told what it may lack',
  { timeout: SLOW_MS },
  async () => {
    await writeFile(join(folder, 'needs.mjs'), "import 'node:fs'; process.exit(4);");
    const { code, result, stderr } = await run([
      'race',
      '--quiet',
      '--format',
      'json',
      '--',
      'node',
      'needs.mjs',
    ]);
    expect(code).toBe(3);
    expect(stderr).toMatch(/exited with code 4/);
    expect(result?.notes.join('\n')).toMatch(/"state" in a workload, and named as \{dir\}/);
  },
);
