import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  closeSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { WorkingCopy } from '../../../src/explore/trials/working-copy.ts';

let own: string;
let copy: WorkingCopy | null = null;

beforeEach(() => {
  own = mkdtempSync(join(tmpdir(), 'own-data-'));
  mkdirSync(join(own, 'notes'));
  writeFileSync(join(own, 'notes', 'a.txt'), 'first');
  writeFileSync(join(own, 'users.json'), '[]');
});
afterEach(() => {
  copy?.remove();
  rmSync(own, { recursive: true, force: true });
});

function copied(): WorkingCopy {
  copy = WorkingCopy.create({ copy: own, env: 'DATA_DIR' });
  return copy;
}

describe('a working copy', () => {
  test('holds what the user’s folder holds, and leaves that alone whatever happens in the copy', () => {
    const { dir, env } = copied();
    expect(env['DATA_DIR']).toBe(dir);
    writeFileSync(join(dir, 'users.json'), '["x"]');
    rmSync(join(dir, 'notes'), { recursive: true });
    expect(readFileSync(join(own, 'users.json'), 'utf8')).toBe('[]');
    expect(readFileSync(join(own, 'notes', 'a.txt'), 'utf8')).toBe('first');
  });

  test('is put back whatever was written, deleted, renamed or replaced', () => {
    const made = copied();
    const before = made.snapshot();
    writeFileSync(join(made.dir, 'users.json'), '{}');
    renameSync(join(made.dir, 'notes', 'a.txt'), join(made.dir, 'notes', 'b.txt'));
    mkdirSync(join(made.dir, 'notes', 'a.txt'));
    mkdirSync(join(made.dir, 'deep', 'er'), { recursive: true });
    symlinkSync('users.json', join(made.dir, 'link'));
    expect(made.snapshot()).not.toEqual(before);
    made.restore();
    expect(made.snapshot()).toEqual(before);
  });

  test('sees a write of as many bytes that bears the old time', () => {
    const made = copied();
    const file = join(made.dir, 'users.json');
    const before = made.snapshot();
    const { mtimeMs } = statSync(file);
    writeFileSync(file, '{}');
    utimesSync(file, mtimeMs / 1000, mtimeMs / 1000);
    made.restore();
    expect(made.snapshot()).toEqual(before);
  });

  test('is put back in place, so that a file held open is still the file', () => {
    const made = copied();
    const file = join(made.dir, 'users.json');
    const held = openSync(file, 'a');
    writeSync(held, 'x');
    made.restore();
    writeSync(held, 'y');
    closeSync(held);
    expect(readFileSync(file, 'utf8')).toBe('[]y');
  });

  test('tells empty folders, links, long and binary files in its snapshot', () => {
    const made = copied();
    mkdirSync(join(made.dir, 'empty'));
    symlinkSync('users.json', join(made.dir, 'link'));
    writeFileSync(join(made.dir, 'binary'), Buffer.from([0xff, 0x00]));
    appendFileSync(join(made.dir, 'long'), 'x'.repeat(70_000));
    const files = made.snapshot();
    expect(files).toMatchObject({ 'empty/': '', link: '→ users.json', 'notes/a.txt': 'first' });
    expect(files['binary']).toMatch(/^sha256:[\da-f]{64}$/);
    expect(files['long']).toMatch(/^sha256:[\da-f]{64}$/);
  });

  test('keeps a single file under its name, and homes and temporary files inside', () => {
    copy = WorkingCopy.create({ copy: join(own, 'users.json'), env: 'DB' });
    expect(copy.env['DB']).toBe(join(copy.dir, 'users.json'));
    for (const name of ['HOME', 'TMPDIR', 'XDG_DATA_HOME'])
      expect(copy.env[name]?.startsWith(copy.root)).toBe(true);
  });

  test('is empty without a state, and gone when it is removed', () => {
    copy = WorkingCopy.create(null);
    expect(copy.snapshot()).toEqual({});
    copy.remove();
    expect(existsSync(copy.root)).toBe(false);
  });

  test('says in one sentence that there is nothing to copy', () => {
    expect(() => WorkingCopy.create({ copy: join(own, 'none'), env: 'DB' })).toThrow(
      /The state to work on is .*none, and there is no such file or directory\./,
    );
  });
});
