import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/evidence/index.ts';
import { prepareWorkingCopy } from '../../src/load/working-copy.ts';

let start: string;
beforeEach(async () => {
  start = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  await mkdir(join(start, 'notes'));
  await writeFile(join(start, 'notes', 'a.txt'), 'original');
});
afterEach(() => rm(start, { recursive: true }));

describe('a working copy', () => {
  it('of a directory is where the variable and {dir} say, and changes leave the original alone', async () => {
    const copy = await prepareWorkingCopy({ copy: start, env: 'DATA' });
    expect(copy.env).toEqual({ DATA: copy.dir });
    await writeFile(join(copy.dir, 'notes', 'a.txt'), 'changed');
    expect(await readFile(join(start, 'notes', 'a.txt'), 'utf8')).toBe('original');
    await copy.remove();
    expect(existsSync(copy.dir)).toBe(false);
    await copy.remove();
  });
  it('of a file is named by the variable, and {dir} is where it lies', async () => {
    const copy = await prepareWorkingCopy({ copy: join(start, 'notes', 'a.txt'), env: 'FILE' });
    expect(copy.env).toEqual({ FILE: join(copy.dir, 'a.txt') });
    expect(await readFile(join(copy.dir, 'a.txt'), 'utf8')).toBe('original');
    await copy.remove();
  });
  it('follows links, so that nothing in it leads back', async () => {
    await symlink(join(start, 'notes', 'a.txt'), join(start, 'link.txt'));
    const copy = await prepareWorkingCopy({ copy: start, env: 'DATA' });
    await writeFile(join(copy.dir, 'link.txt'), 'changed');
    expect(await readFile(join(start, 'notes', 'a.txt'), 'utf8')).toBe('original');
    await copy.remove();
  });
  it('of what does not exist is refused', async () => {
    const absent = join(start, 'absent');
    await expect(prepareWorkingCopy({ copy: absent, env: 'X' })).rejects.toThrow(
      new UsageError(`The workload's state.copy is ${absent}, and there is no such file or directory.`),
    );
  });
});
