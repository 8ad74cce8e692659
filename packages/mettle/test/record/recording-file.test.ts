import { appendFile, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createRedaction, Recorder, RecordingFile } from '../../src/record/index.ts';
import type { Recording } from '../../src/record/index.ts';
import { RecordingSoFar } from '../../src/record/recording-so-far.ts';
import type { RecordingEntry } from '../../src/record/recording-so-far.ts';

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
const ONE = { session: 's', ids: 's' };
const call = (id: number, name: string): unknown => ({
  jsonrpc: '2.0',
  id,
  method: 'tools/call',
  params: { name, arguments: {} },
});
const recorder = (journal: RecordingFile['journal']): Recorder =>
  new Recorder(
    createRedaction([]),
    () => 0,
    '2026-11-22T10:00:00.000Z',
    (entry) => journal.note(entry),
  );
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

  // Above what Linux, macOS and Windows give out.
  const nobody = 2 ** 31 - 2;

  it('takes in what a killed process left, with the call that was never answered', async () => {
    const { journal } = await RecordingFile.open(path, nobody);
    const heard = recorder(journal);
    heard.hear(ONE, 'to-server', call(1, 'left'));
    heard.hear(ONE, 'to-client', { jsonrpc: '2.0', id: 1, result: {} });
    await journal.flush(heard.startedAt, 0);
    heard.hear(ONE, 'to-server', call(2, 'left'));
    heard.hear(ONE, 'to-server', call(3, 'other'));
    await journal.flush(heard.startedAt, 2000);
    expect(await readdir(folder)).toEqual([`w.json.${nobody}.partial`]);
    // All at once: it is taken in once.
    await Promise.all([1, 2, 3, 4].map(() => RecordingFile.open(path)));
    expect(await read()).toEqual(heard.recording());
    expect(await readdir(folder)).toEqual(['w.json']);
  });

  it('keeps what comes before the line in whose middle a process was killed', async () => {
    const { journal } = await RecordingFile.open(path, nobody);
    const heard = recorder(journal);
    heard.hear(ONE, 'to-server', call(1, 'left'));
    await journal.flush(heard.startedAt, 0);
    const before = heard.recording();
    await appendFile(join(folder, `w.json.${nobody}.partial`), '{"call":{"tool":"to');
    await RecordingFile.open(path);
    expect(await read()).toEqual(before);
  });

  it('writes only what is new while the recording goes on', async () => {
    const { journal } = await RecordingFile.open(path, nobody);
    const heard = recorder(journal);
    const sizes: number[] = [];
    for (let flush = 0, id = 0; flush < 3; flush++) {
      for (let i = 0; i < 100; i++) heard.hear(ONE, 'to-server', call(1000 + id++, 'same'));
      await journal.flush(heard.startedAt, flush * 2000);
      sizes.push((await stat(join(folder, `w.json.${nobody}.partial`))).size);
    }
    const [first = 0, second = 0, third = 0] = sizes;
    expect(third - second).toBeLessThan(first);
  });

  it('counts on where the timeline is full, and writes those counts once a minute', async () => {
    const { journal } = await RecordingFile.open(path, nobody);
    const inMemory = new RecordingSoFar('2026-11-22T10:00:00.000Z');
    const add = (entry: RecordingEntry): void => {
      inMemory.add(entry);
      journal.note(entry);
    };
    add({ call: { tool: 'same', arguments: {} } });
    while (inMemory.hasRoom) add({ begin: [0, 0, 0] });
    await journal.flush('2026-11-22T10:00:00.000Z', 60_000);
    const { size } = await stat(join(folder, `w.json.${nobody}.partial`));
    for (let i = 0; i < 1000; i++) add({ again: [0, 1] });
    await journal.flush('2026-11-22T10:00:00.000Z', 62_000);
    // The first counts are written at once, the next ones not before a minute has gone by.
    const counted = (await stat(join(folder, `w.json.${nobody}.partial`))).size;
    expect(counted - size).toBeLessThan(40);
    add({ again: [0, 1] });
    await journal.flush('2026-11-22T10:00:00.000Z', 64_000);
    expect((await stat(join(folder, `w.json.${nobody}.partial`))).size).toBe(counted);
    await journal.flush('2026-11-22T10:00:00.000Z', 122_000);
    await RecordingFile.open(path);
    const { calls, recording: facts } = await read();
    expect(calls).toEqual([{ tool: 'same', arguments: {}, weight: 101_001 }]);
    expect(facts.timeline).toHaveLength(100_000);
  });

  it('leaves alone what is no recording', async () => {
    for (const text of ['{"schema":"mettle/workload@1","calls":[]}', 'hello', '[]', 'null']) {
      await writeFile(path, text);
      await expect(RecordingFile.open(path)).rejects.toThrow('is left as it is');
      expect(await readFile(path, 'utf8')).toBe(text);
    }
  });
});
