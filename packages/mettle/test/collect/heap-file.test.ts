import { existsSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
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

  it('is removed by the next run where its own was killed, and only then', async () => {
    const probe = await openHeapFile(10e6);
    const parent = dirname(dirname(probe.path));
    await probe.remove();
    // Above what Linux, macOS and Windows give out.
    const nobody = 2 ** 31 - 2;
    const left = (pid: number, ageMs: number): string => {
      const folder = mkdtempSync(join(parent, `mettle-heap-${pid}-`));
      const file = join(folder, 'server.heapsnapshot');
      writeFileSync(file, 'what the server held');
      const at = (Date.now() - ageMs) / 1000;
      utimesSync(file, at, at);
      utimesSync(folder, at, at);
      return folder;
    };
    const abandoned = left(nobody, 7_200_000);
    // It may be of another container that shares the folder.
    const recent = left(nobody, 60_000);
    const running = left(process.pid, 7_200_000);
    onTestFinished(() => {
      for (const folder of [abandoned, recent, running]) rmSync(folder, { recursive: true, force: true });
    });
    const file = await openHeapFile(10e6);
    expect([abandoned, recent, running].map((folder) => existsSync(folder))).toEqual([false, true, true]);
    await file.remove();
  });
});
