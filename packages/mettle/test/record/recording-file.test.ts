import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RecordingFile } from '../../src/record/index.ts';
import type { Recording } from '../../src/record/index.ts';

let folder: string;
let path: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  path = join(folder, 'w.json');
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const recording = (tool: string): Recording => ({
  schema: 'mettle/workload@1',
  calls: [{ tool, arguments: {}, weight: 1 }],
  recording: {
    startedAt: '2026-11-22T10:00:00.000Z',
    server: null,
    client: null,
    protocolVersion: null,
    sessions: 1,
    redacted: 0,
    dropped: 0,
    timeline: [{ call: 0, session: 0, atMs: 0, durationMs: 1, outcome: 'success' }],
  },
});
const read = async (): Promise<Recording> => JSON.parse(await readFile(path, 'utf8')) as Recording;

describe('the file of a recording', () => {
  it('is added to by the next one', async () => {
    await (await RecordingFile.open(path)).finish(recording('a'));
    await (await RecordingFile.open(path)).finish(recording('a'));
    expect((await read()).calls).toEqual([{ tool: 'a', arguments: {}, weight: 2 }]);
    expect(await readdir(folder)).toEqual(['w.json']);
  });

  it('loses nothing to another that ends at the same time', async () => {
    const files = await Promise.all(
      Array.from({ length: 8 }, (_, i) => RecordingFile.open(path, process.pid * 100 + i)),
    );
    await Promise.all(files.map((file) => file.finish(recording('a'))));
    expect((await read()).recording.sessions).toBe(8);
  });

  it('takes in what a killed process left', async () => {
    // Above what Linux, macOS and Windows give out.
    const nobody = 2 ** 31 - 2;
    await (await RecordingFile.open(path, nobody)).save(recording('left'));
    expect(await readdir(folder)).toEqual([`w.json.${nobody}.partial`]);
    await RecordingFile.open(path);
    expect((await read()).calls).toEqual([{ tool: 'left', arguments: {}, weight: 1 }]);
    expect(await readdir(folder)).toEqual(['w.json']);
  });

  it('leaves alone what is no recording', async () => {
    for (const text of ['{"schema":"mettle/workload@1","calls":[]}', 'hello', '[]', 'null']) {
      await writeFile(path, text);
      await expect(RecordingFile.open(path)).rejects.toThrow('is left as it is');
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });
});
