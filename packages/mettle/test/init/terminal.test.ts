import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterEach, expect, test } from 'vitest';
import type { Host } from '../../src/cli/host.ts';
import { main } from '../../src/cli/main.ts';
import { filesOf, NOTEBOOK, projectOf, remove } from './projects.ts';

const made: string[] = [];
afterEach(() => made.splice(0).forEach(remove));

/** A person at a terminal, who answers each question in turn. */
function personAt(
  cwd: string,
  answers: readonly string[],
): { readonly host: Host; readonly asked: string[] } {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const asked: string[] = [];
  const waiting = [...answers];
  const out = { write() {}, isTerminal: true, columns: 80 };
  const host: Host = {
    stdout: out,
    stderr: {
      ...out,
      write(text) {
        if (!text.endsWith('[y/N] ')) return;
        asked.push(text);
        setImmediate(() => stdin.write(`${waiting.shift() ?? ''}\n`));
      },
    },
    env: {},
    cwd,
    signal: new AbortController().signal,
    pipes: { stdin, stdout: new PassThrough(), stderr: new PassThrough() },
  };
  return { host, asked };
}

test('on a terminal init asks for the files, and for the memory log by itself', async () => {
  const folder = projectOf(NOTEBOOK);
  made.push(folder);
  const before = filesOf(folder);
  const refusing = personAt(folder, ['n', '']);
  expect(await main(['init', '--no-baseline'], refusing.host)).toBe(0);
  expect(refusing.asked).toEqual([
    'Write 5 files? [y/N] ',
    'Put the memory log into src/server.js, as shown above? [y/N] ',
  ]);
  expect(filesOf(folder)).toEqual(before);

  const agreeing = personAt(folder, ['y', 'yes']);
  expect(await main(['init', '--no-baseline'], agreeing.host)).toBe(0);
  expect(Object.keys(filesOf(folder))).toHaveLength(Object.keys(before).length + 5);
  expect(readFileSync(join(folder, 'src/server.js'), 'utf8')).toContain('watchMemory();');
});
