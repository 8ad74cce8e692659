import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { findReadable } from '../../src/load/readable.ts';

let root: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  await mkdir(join(root, 'data', 'a-folder'), { recursive: true });
  await mkdir(join(root, 'empty'));
  await writeFile(join(root, 'server.js'), '//');
  await writeFile(join(root, 'data', '.env'), 'KEY=1');
  await writeFile(join(root, 'data', 'a-large.bin'), Buffer.alloc(70_000));
  await writeFile(join(root, 'data', 'b-empty.txt'), '');
  await writeFile(join(root, 'data', 'c.txt'), 'text');
});
afterAll(() => rm(root, { recursive: true }));

describe('what a path-like argument can point to', () => {
  it('is the last directory on the command line, and a small file in it that is not hidden', async () => {
    const readable = await findReadable({
      workingCopy: null,
      command: ['node', 'server.js', 'data', '--verbose'],
      cwd: root,
    });
    expect(readable).toEqual({ directory: join(root, 'data'), file: join(root, 'data', 'c.txt') });
  });
  it('is the working copy before that', async () => {
    const readable = await findReadable({
      workingCopy: join(root, 'empty'),
      command: ['node', 'server.js', 'data'],
      cwd: root,
    });
    expect(readable).toEqual({ directory: join(root, 'empty') });
  });
  it('is where the target runs when nothing else is known', async () => {
    const readable = await findReadable({ workingCopy: null, command: null, cwd: root });
    expect(readable).toEqual({ directory: root, file: join(root, 'server.js') });
  });
  it('does not fail on a directory that is not there', async () => {
    const absent = join(root, 'absent');
    expect(await findReadable({ workingCopy: absent, command: null, cwd: root })).toEqual({
      directory: absent,
    });
  });
});
