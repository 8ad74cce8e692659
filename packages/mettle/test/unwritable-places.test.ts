import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { checkFile, checkPlace } from '../src/cli/keeping-place.ts';
import { RecordingFile } from '../src/record/index.ts';
import { makeFolder } from '../src/session/index.ts';
import { openEngine } from '../src/watch/engine/open.ts';
import { configOf } from './watch/engine/forms.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mettle-test-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a folder that is made', () => {
  it('is made with those above it, and may be there already', () => {
    makeFolder(join(folder, 'a', 'b'));
    makeFolder(join(folder, 'a', 'b'));
    expect(existsSync(join(folder, 'a', 'b'))).toBe(true);
  });

  it('is refused where a file stands', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => makeFolder(file)).toThrow('EEXIST');
    expect(() => makeFolder(join(file, 'below'))).toThrow('ENOTDIR');
  });
});

/** Whoever may do everything is told that /proc can be written to, where every folder is denied as missing. */
describe.skipIf(!existsSync('/proc/self'))('where the system makes no folder', () => {
  it('none is made, and it is said instead of being tried for ever', async () => {
    expect(() => makeFolder('/proc/mettle/below')).toThrow(/^E[A-Z]+:/);
    await expect(RecordingFile.open('/proc/mettle/recording.json')).rejects.toThrow(
      /^The recording cannot be written to \/proc\/mettle\/recording\.json: /,
    );
  });

  it('no run is begun that could not be kept', () => {
    expect(() => checkPlace(folder, '/proc/mettle')).toThrow(
      /^The run cannot be kept in \/proc\/mettle, since nothing can be written in \/proc /,
    );
    expect(() => checkPlace(folder, join(folder, 'runs', 'one'))).not.toThrow();
    expect(existsSync(join(folder, 'runs'))).toBe(false);
  });

  it('no figures are measured that could not be saved', () => {
    expect(() => checkFile('--save', '/proc/mettle/bench.json')).toThrow(
      /^--save: \/proc\/mettle\/bench\.json cannot be written, since nothing can be written in \/proc /,
    );
    expect(() => checkFile('--save', folder)).toThrow('cannot be written, since it is a folder: ');
    expect(() => checkFile('--save', join(folder, 'new', 'bench.json'))).not.toThrow();
  });

  it('a watcher says which file it cannot open, and why', async () => {
    const config = configOf({ store: '/proc/mettle/watch.db', engine: null }, []);
    await expect(openEngine(config, () => undefined)).rejects.toThrow(
      /^store: \/proc\/mettle\/watch\.db cannot be opened \(ENOENT/,
    );
    const store = join(folder, 'text');
    writeFileSync(store, 'this is no database, and long enough to be seen to be none. '.repeat(100));
    await expect(openEngine({ ...config, store }, () => undefined)).rejects.toThrow(
      /^store: .*not a database/,
    );
  });
});
