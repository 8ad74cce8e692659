import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { UsageError } from '../../src/evidence/index.ts';
import { writeChange } from '../../src/init/changes.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mettle-changes-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

describe('a change that cannot be written', () => {
  it('is one sentence for the user, and leaves nothing behind', () => {
    writeFileSync(join(folder, '.github'), 'a file, where a folder is needed');
    const file = '.github/workflows/mettle.yml';
    const change = { file, within: folder, before: null, after: 'on: push', kind: 'new' as const };
    const writing = (): void => writeChange(folder, change);
    expect(writing, 'what cannot be written').toThrow(UsageError);
    expect(writing, 'with its place').toThrow(/mettle\.yml cannot be written \(E\w+\)/);
    expect(readdirSync(folder)).toEqual(['.github']);
  });
});
