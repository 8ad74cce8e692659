import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { baselineOf, readBaseline, writeBaseline } from '../../src/run/bench/baseline/baseline-file.ts';
import { appendHistory, historyEntryOf, readHistory } from '../../src/run/bench/baseline/history-file.ts';
import { yardstickSpec } from '../../src/run/bench/baseline/yardstick.ts';
import { compareVersions } from '../../src/run/bench/compare/compare.ts';
import { comparison } from '../builders/comparison.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mettle-baseline-test-'));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

const measured = () =>
  baselineOf(comparison({ cpu: 2, latency: 3 }), {
    mettle: '0.1.0',
    target: '-- node server.js',
    cwd: folder,
  });

describe('a saved run', () => {
  it('comes back as it was saved, to five digits, with its environment and without a commit where there is no git', async () => {
    const file = join(folder, 'deep/base.json');
    const saved = measured();
    await writeBaseline(file, saved);
    const read = await readBaseline(file);
    expect(read.commit).toBeNull();
    expect(read.environment).toEqual(saved.environment);
    expect(read.tools[0]).toMatchObject({ name: 'search' });
    expect(read.tools[0]?.cpuOverYardstick).toBeCloseTo(2, 1);
    expect(read.pairs).toHaveLength(12);
    expect(read.pairs[3]?.subjects[0]?.logRatio.cpu).toBeCloseTo(
      saved.pairs[3]?.subjects[0]?.logRatio.cpu ?? 0,
      4,
    );
    expect(readFileSync(file, 'utf8').split('\n').length).toBeGreaterThan(50);
  });
  it.each([
    ['is not there', null, /there is no .*base\.json; save one with mettle bench --save/],
    ['is no JSON', '{', /cannot be read/],
    ['is something else', '{"schema":"mettle/result@1"}', /is no baseline/],
    [
      'was measured beside another yardstick',
      '{"schema":"mettle/baseline@1","pairs":[],"yardstick":0}',
      /another yardstick/,
    ],
  ])('that %s is refused in one sentence', async (_what, text, sentence) => {
    const file = join(folder, 'base.json');
    if (text !== null) writeFileSync(file, text);
    await expect(readBaseline(file)).rejects.toThrow(sentence);
  });
});

describe('a history', () => {
  it('grows by a line a run', async () => {
    const file = join(folder, 'history.jsonl');
    expect(await readHistory(file)).toEqual([]);
    await appendHistory(file, historyEntryOf(measured()));
    await appendHistory(file, historyEntryOf(measured()));
    const entries = await readHistory(file);
    expect(entries).toHaveLength(2);
    expect(entries[1]?.tools['search']?.latencyOverYardstick).toBeCloseTo(3, 1);
  });
  it('with a line of something else is refused, with its number', async () => {
    const file = join(folder, 'history.jsonl');
    await appendHistory(file, historyEntryOf(measured()));
    writeFileSync(file, `${readFileSync(file, 'utf8')}{"x":1}\n`);
    await expect(readHistory(file)).rejects.toThrow(/line 2 of .*history\.jsonl is no run/);
  });
});

describe('pairs of real processes', { timeout: 120_000 }, () => {
  it('are measured beside each other and stopped, as many as the budget has time for', async () => {
    let told = 0;
    const { comparison: measuredPairs, candidate } = await compareVersions({
      baseline: { spec: yardstickSpec(), label: 'A' },
      candidate: { spec: yardstickSpec(), label: 'B' },
      tools: ['work'],
      workload: null,
      allowWrites: false,
      seed: 1,
      era: '2025',
      signal: new AbortController().signal,
      budgetMs: 4000,
      tolerance: 0.05,
      thresholds: [],
      onPair: () => told++,
    });
    const { pairs } = measuredPairs;
    expect(pairs.length).toBeGreaterThan(0);
    expect(told).toBe(pairs.length);
    const [figures] = pairs[0]?.subjects ?? [];
    expect(figures).toMatchObject({
      subject: { name: 'work' },
      baseline: { errors: 0 },
      candidate: { errors: 0 },
    });
    // A B B A: both sides were called equally often.
    expect(figures?.baseline.calls).toBe(figures?.candidate.calls);
    expect(figures?.logRatio.latency).not.toBeNull();
    expect(candidate?.session.process?.exit).not.toBeNull();
  });
});
