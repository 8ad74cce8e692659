import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { TargetSpec } from '../../../src/evidence/index.ts';
import { asNodeCommand, fillIn, placeTarget } from '../../../src/explore/trials/placed-target.ts';
import { WorkingCopy } from '../../../src/explore/trials/working-copy.ts';

let project: string;
let copy: WorkingCopy;

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'project-'));
  writeFileSync(join(project, 'server.js'), '');
  writeFileSync(join(project, 'hook.mjs'), '');
  writeFileSync(join(project, 'data.json'), '{}');
  copy = WorkingCopy.create(null);
});
afterAll(() => {
  copy.remove();
  rmSync(project, { recursive: true, force: true });
});

function placed(command: readonly [string, ...string[]], env: Record<string, string> = {}): TargetSpec {
  return placeTarget({ kind: 'stdio', command, env, cwd: project }, copy);
}

describe('a target placed in its working copy', () => {
  test('runs the same program, from the working copy', () => {
    expect(placed(['node', '--import', './hook.mjs', 'server.js', 'data.json', '{dir}/x'])).toMatchObject({
      command: [
        'node',
        '--import',
        join(project, 'hook.mjs'),
        join(project, 'server.js'),
        'data.json',
        join(copy.dir, 'x'),
      ],
      cwd: copy.dir,
    });
  });

  test('is refused when its arguments or variables name files that are no copy', () => {
    expect(() => placed(['node', 'server.js', project])).toThrow(
      /which is no copy.*name the working copy as \{dir\}/,
    );
    expect(() => placed(['node', 'server.js', `--db=${join(project, 'data.json')}`])).toThrow(/no copy/);
    expect(() => placed(['node', 'server.js'], { MEMORY: join(project, 'new.json') })).toThrow(
      /MEMORY=.*no copy/,
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
    expect(() => placeTarget(spec, copy)).toThrow(/runs already, on its own data/);
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
