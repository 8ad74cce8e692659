import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';

const built = new URL('../../dist/agent/containment.js', import.meta.url);
let outside: string;
let inside: string;

beforeAll(() => {
  outside = realpathSync(mkdtempSync(join(tmpdir(), 'outside-')));
  inside = join(outside, 'inside');
  mkdirSync(inside);
  writeFileSync(join(outside, 'own.txt'), 'own');
});
afterAll(() => rmSync(outside, { recursive: true, force: true }));

/** Runs a module in a process that may write to `inside` only; what it prints as JSON. */
function contained(body: string): unknown {
  const script = join(inside, 'script.mjs');
  writeFileSync(
    script,
    `import fs from 'node:fs'; import { writeFile, readFile, open, cp, rename } from 'node:fs/promises';
     const [own, copy] = ${JSON.stringify([join(outside, 'own.txt'), join(inside, 'copy.txt')])};
     const code = async (work) => { try { await work(); return 'done'; } catch (error) { return error.code; } };
     ${body}`,
  );
  const preload = `import { containWrites } from ${JSON.stringify(built.href)}; containWrites(${JSON.stringify(inside)});`;
  const run = spawnSync(
    process.execPath,
    ['--import', `data:text/javascript,${encodeURIComponent(preload)}`, pathToFileURL(script).pathname],
    { encoding: 'utf8' },
  );
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout);
}

test('every way to write outside is refused, and nothing there is changed', () => {
  const codes = contained(`
    const callback = (name, ...args) => new Promise((resolve, reject) => fs[name](...args, (e) => (e ? reject(e) : resolve())));
    const stream = () => new Promise((resolve, reject) => fs.createWriteStream(own).on('error', reject).on('close', resolve).end('x'));
    console.log(JSON.stringify([
      await code(() => writeFile(own, 'x')), await code(() => open(own, 'a')), await code(() => cp(copy, own)),
      await code(() => rename(own, copy)), await code(() => fs.unlinkSync(own)), await code(() => fs.openSync(own, 'r+')),
      await code(() => fs.rmSync(new URL('file://' + own))), await code(() => callback('appendFile', own, 'x')),
      await code(() => callback('truncate', own, 0)), await code(() => callback('mkdir', own + '.d')), await code(stream),
    ]));`);
  expect(codes).toEqual(Array.from({ length: 11 }, () => 'EROFS'));
  expect(readFileSync(join(outside, 'own.txt'), 'utf8')).toBe('own');
  expect(existsSync(join(outside, 'own.txt.d'))).toBe(false);
  expect(readFileSync(join(inside, 'refused-writes'), 'utf8')).toContain(join(outside, 'own.txt'));
});

test('reading outside and writing inside go on as ever', () => {
  expect(
    contained(`console.log(JSON.stringify([
      await code(() => readFile(own)), await code(() => open(own)), await code(() => fs.readFileSync(own, { flag: 'r' })),
      await code(() => writeFile(copy, 'x')), await code(() => fs.appendFileSync(copy, 'x')), await code(() => writeFile('/dev/null', 'x')),
    ]));`),
  ).toEqual(['done', 'done', 'done', 'done', 'done', 'done']);
});
