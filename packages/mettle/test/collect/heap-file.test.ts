import { existsSync, statSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openHeapFile } from '../../src/collect/heap-file.ts';

describe('the file of a heap snapshot', () => {
  it.skipIf(process.platform === 'win32')(
    'is readable by its owner alone, and so is its folder',
    async () => {
      const file = await openHeapFile(10e6);
      expect(statSync(file.path).mode & 0o777).toBe(0o600);
      expect(statSync(dirname(file.path)).mode & 0o777).toBe(0o700);
      await file.remove();
    },
  );

  it('is emptied after it was read, and gone with its folder at the end', async () => {
    const file = await openHeapFile(10e6);
    writeFileSync(file.path, 'what the server holds');
    file.empty();
    expect(statSync(file.path).size).toBe(0);
    await file.remove();
    await file.remove();
    expect(existsSync(dirname(file.path))).toBe(false);
  });
});
