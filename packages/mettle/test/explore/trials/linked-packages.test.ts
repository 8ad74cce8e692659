import { mkdirSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { linkPackages } from '../../../src/explore/trials/linked-packages.ts';

let [workspace, root] = ['', ''];

beforeEach(() => {
  workspace = mkdtempSync(join(tmpdir(), 'workspace-'));
  root = mkdtempSync(join(tmpdir(), 'root-'));
});
afterEach(() => {
  for (const folder of [workspace, root]) rmSync(folder, { recursive: true, force: true });
});

function write(path: string, text: string): void {
  mkdirSync(dirname(join(workspace, path)), { recursive: true });
  writeFileSync(join(workspace, path), text);
}

test('packages are found as from the user’s folder: the nearest first, scoped ones and programs too', () => {
  write('node_modules/tsx/index.js', 'of the workspace');
  write('node_modules/both/index.js', 'of the workspace');
  write('node_modules/@scope/one/index.js', 'one');
  write('node_modules/.bin/tsx', 'program');
  write('node_modules/.cache/x', 'cache');
  write('packages/server/node_modules/both/index.js', 'of the package');
  write('packages/server/node_modules/@scope/two/index.js', 'two');
  linkPackages(root, join(workspace, 'packages/server'));
  const read = (path: string): string => readFileSync(join(root, 'node_modules', path), 'utf8');
  expect(read('tsx/index.js')).toBe('of the workspace');
  expect(read('both/index.js')).toBe('of the package');
  expect([read('@scope/one/index.js'), read('@scope/two/index.js')]).toEqual(['one', 'two']);
  expect(read('.bin/tsx')).toBe('program');
  expect(readdirSync(join(root, 'node_modules'))).toEqual(['.bin', '@scope', 'both', 'tsx']);
  // The links go, what they lead to stays.
  rmSync(root, { recursive: true });
  expect(readdirSync(join(workspace, 'node_modules/tsx'))).toEqual(['index.js']);
});

test('where there are none, nothing is made', () => {
  linkPackages(root, workspace);
  expect(readdirSync(root)).toEqual([]);
});
