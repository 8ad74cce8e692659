import { mkdirSync, mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { TargetSpec } from '../../../src/evidence/index.ts';
import {
  asNodeCommand,
  dataNamedBy,
  fillIn,
  placeTarget,
} from '../../../src/explore/trials/placed-target.ts';
import { WorkingCopy, type RaceState } from '../../../src/explore/trials/working-copy.ts';

let project: string;
let elsewhere: string;
let copy: WorkingCopy | null = null;

beforeEach(() => {
  project = mkdtempSync(join(tmpdir(), 'project-'));
  elsewhere = mkdtempSync(join(tmpdir(), 'elsewhere-'));
  for (const file of ['server.js', 'hook.mjs']) writeFileSync(join(project, file), '');
  writeFileSync(join(project, 'data.json'), '{}');
  mkdirSync(join(project, 'notes', 'old'), { recursive: true });
  writeFileSync(join(project, 'notes', 'old', 'a.txt'), 'first');
  writeFileSync(join(elsewhere, 'b.txt'), 'second');
});
afterEach(() => {
  copy?.remove();
  copy = null;
  for (const folder of [project, elsewhere]) rmSync(folder, { recursive: true, force: true });
});

function placed(
  command: readonly [string, ...string[]],
  env: Record<string, string> = {},
  state: RaceState | null = null,
): TargetSpec & { readonly command: readonly string[] } {
  const spec: TargetSpec = { kind: 'stdio', command, env, cwd: project };
  copy = WorkingCopy.create(state, { paths: dataNamedBy(spec), cwd: project });
  return placeTarget(spec, copy) as never;
}

function inCopy(...path: readonly string[]): string {
  return join(copy?.dir ?? '', ...path);
}

describe('a target placed in its working copy', () => {
  test('runs the same program, from the working copy', () => {
    const words = ['--import', './hook.mjs', 'server.js', 'new.json', '{dir}/x', 'server.js', 'stdio'];
    expect(placed(['node', ...words])).toMatchObject({
      command: [
        'node',
        '--import',
        join(project, 'hook.mjs'),
        join(project, 'server.js'),
        'new.json',
        inCopy('x'),
        join(project, 'server.js'),
        'stdio',
      ],
      cwd: inCopy(),
    });
    expect(copy?.snapshot()).toEqual({});
  });

  test('is given copies of the files and folders that its arguments and variables name', () => {
    const { command, env } = placed(
      ['node', 'server.js', 'notes', '--db=./data.json', join(project, 'notes', 'old'), elsewhere],
      {
        MEMORY: join(project, 'data.json'),
        NEW_DIR: join(project, 'new'),
        NOTES: 'notes',
        NOTES_DIR: 'notes',
      },
    );
    expect(command.slice(2)).toEqual([
      inCopy('notes'),
      `--db=${inCopy('data.json')}`,
      inCopy('notes', 'old'),
      inCopy(basename(elsewhere)),
    ]);
    expect(env).toMatchObject({
      MEMORY: inCopy('data.json'),
      NEW_DIR: inCopy('new'),
      NOTES: 'notes',
      NOTES_DIR: inCopy('notes'),
    });
    expect(copy?.snapshot()).toEqual({
      'data.json': '{}',
      'notes/old/a.txt': 'first',
      [`${basename(elsewhere)}/b.txt`]: 'second',
    });
    writeFileSync(inCopy('notes', 'old', 'a.txt'), 'changed');
    expect(readFileSync(join(project, 'notes', 'old', 'a.txt'), 'utf8')).toBe('first');
    copy?.restore();
    expect(readFileSync(inCopy('notes', 'old', 'a.txt'), 'utf8')).toBe('first');
  });

  test('finds what its command names in the state that was asked for, where it lies there', () => {
    const state = join(project, 'notes');
    const { command } = placed(
      ['node', 'server.js', state, join(state, 'old', 'a.txt')],
      {},
      { copy: state, env: 'X' },
    );
    expect(command.slice(2)).toEqual([inCopy(), inCopy('old', 'a.txt')]);
    expect(copy?.given).toEqual([]);
  });

  test('is refused in one sentence what is too large to be copied', () => {
    truncateSync(join(project, 'data.json'), 33 * 1024 * 1024);
    expect(() => placed(['node', 'server.js', 'data.json'])).toThrow(
      /^data\.json names .*data\.json, .* with more than 32 MiB it is too large .* \{dir\} instead, .*"state" to copy\.$/,
    );
  });

  test('may name programs, and what is no path of this machine', () => {
    expect(() =>
      placed(['node', 'server.js', '/api/v1', '--name=/x'], { GIT: process.execPath, BASE: '/api' }),
    ).not.toThrow();
  });

  test('is refused when it runs already, on its own data', () => {
    const spec: TargetSpec = {
      kind: 'http',
      url: 'http://127.0.0.1:1/mcp',
      headers: {},
      command: null,
      env: {},
      cwd: project,
    };
    copy = WorkingCopy.create(null);
    expect(() => placeTarget(spec, copy as WorkingCopy)).toThrow(/runs already, on its own data/);
  });
});

describe('a command', () => {
  test('is known as a script that Node runs', () => {
    expect(asNodeCommand(['/usr/bin/node', '-r', 'x', '--flag', 'a.js', '-v'])).toEqual({
      node: '/usr/bin/node',
      options: ['-r', 'x', '--flag'],
      script: 'a.js',
      args: ['-v'],
    });
  });

  test('of another kind is not', () => {
    expect(asNodeCommand(['npx', 'server'])).toBeNull();
    expect(asNodeCommand(['node', '-e', 'x'])).toBeNull();
  });
});

test('{dir} stands for the working copy in every string of a value', () => {
  expect(fillIn({ a: ['{dir}/x', 1], b: { c: '{dir}{dir}' }, d: null }, '/w')).toEqual({
    a: ['/w/x', 1],
    b: { c: '/w/w' },
    d: null,
  });
});
