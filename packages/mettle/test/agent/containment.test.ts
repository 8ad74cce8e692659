import { spawnSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';

const built = new URL('../../dist/agent/containment.js', import.meta.url);
let outside: string;
let inside: string;

beforeEach(() => {
  outside = realpathSync(mkdtempSync(join(tmpdir(), 'outside-')));
  inside = join(outside, 'inside');
  mkdirSync(inside);
  writeFileSync(join(outside, 'own.txt'), 'own');
});
afterEach(() => rmSync(outside, { recursive: true, force: true }));

/** Runs a module in a process whose writes outside of `inside` go to copies within; what it prints as JSON. */
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

/** Where what was written to a path outside lies. */
const copyOf = (path: string): string => join(inside, 'outside', path);

test('every way to write outside goes to a copy, and nothing there is changed', () => {
  const codes = contained(`
    const callback = (name, ...args) => new Promise((resolve, reject) => fs[name](...args, (e) => (e ? reject(e) : resolve())));
    const stream = () => new Promise((resolve, reject) => fs.createWriteStream(own, { flags: 'a' }).on('error', reject).on('close', resolve).end('-stream'));
    await writeFile(copy, 'copied');
    console.log(JSON.stringify([
      await code(() => fs.appendFileSync(own, '-sync')), await code(() => open(own, 'a').then((h) => h.close())),
      await code(() => callback('appendFile', own, '-callback')), await code(stream), await code(() => cp(copy, own + '.cp')),
      await code(() => rename(own, own + '.moved')), await code(() => readFile(own)), await code(() => fs.rmSync(new URL('file://' + own + '.cp'))),
      await code(() => callback('mkdir', own + '.d')), await code(() => fs.mkdirSync(own + '.d')), fs.existsSync(own), fs.readFileSync(own + '.moved', 'utf8'),
    ]));`);
  expect(codes).toEqual([
    ...Array.from({ length: 6 }, () => 'done'),
    'ENOENT',
    'done',
    'done',
    'EEXIST',
    false,
    'own-sync-callback-stream',
  ]);
  expect(readFileSync(join(outside, 'own.txt'), 'utf8')).toBe('own');
  expect(readdirSync(outside).toSorted()).toEqual(['inside', 'own.txt']);
  expect(readFileSync(copyOf(join(outside, 'own.txt.moved')), 'utf8')).toBe('own-sync-callback-stream');
  expect(readFileSync(join(inside, 'shadowed-writes'), 'utf8')).toContain(join(outside, 'own.txt'));
});

test('a directory shows what was written there and not what was removed, and errors name the server’s paths', () => {
  const seen = contained(`
    const folder = own.replace('/own.txt', '');
    const before = fs.readdirSync(folder);
    await writeFile(folder + '/new.txt', 'x'); fs.unlinkSync(own);
    const entries = await fs.promises.readdir(folder, { withFileTypes: true });
    const listed = await new Promise((resolve) => fs.readdir(folder, (e, names) => resolve(names)));
    const error = await writeFile(folder + '/no/such/file', 'x').catch((e) => e);
    console.log(JSON.stringify([before, entries.map((e) => e.name), listed, error.code, error.path === folder + '/no/such/file',
      fs.statSync(folder).isDirectory(), fs.realpathSync(folder + '/new.txt') === folder + '/new.txt']));`);
  expect(seen).toEqual([
    ['inside', 'own.txt'],
    ['inside', 'new.txt'],
    ['inside', 'new.txt'],
    'ENOENT',
    true,
    true,
    true,
  ]);
  expect(readFileSync(join(outside, 'own.txt'), 'utf8')).toBe('own');
});

test('another process of the same working copy sees what was written', () => {
  contained(`await writeFile(own, 'by the first'); console.log('null');`);
  expect(contained(`console.log(JSON.stringify(await readFile(own, 'utf8')));`)).toBe('by the first');
  expect(readFileSync(join(outside, 'own.txt'), 'utf8')).toBe('own');
});

test('what is too large to be copied is refused, and said', () => {
  const large = join(outside, 'large.bin');
  writeFileSync(large, '');
  truncateSync(large, 65 * 1024 * 1024);
  const code = contained(
    `console.log(JSON.stringify(await code(() => fs.appendFileSync(own.replace('own.txt', 'large.bin'), 'x'))));`,
  );
  rmSync(large);
  expect(code).toBe('EROFS');
  expect(readFileSync(join(inside, 'refused-writes'), 'utf8')).toBe(`${large}\n`);
});

test('reading outside and writing inside go on as ever', () => {
  expect(
    contained(`console.log(JSON.stringify([
      await code(() => readFile(own)), await code(() => open(own)), await code(() => fs.readFileSync(own, { flag: 'r' })),
      await code(() => writeFile(copy, 'x')), await code(() => fs.appendFileSync(copy, 'x')), await code(() => writeFile('/dev/null', 'x')),
    ]));`),
  ).toEqual(['done', 'done', 'done', 'done', 'done', 'done']);
});
