import { stripVTControlCharacters } from 'node:util';
import { describe, expect, it } from 'vitest';
import { benchView } from '../../src/cli/bench-view.ts';
import type { Host } from '../../src/cli/host.ts';
import type { BenchProgress } from '../../src/run/index.ts';

function screen(isTerminal: boolean): { readonly host: Host; readonly written: () => string } {
  let text = '';
  const stderr = { write: (more: string) => void (text += more), isTerminal, columns: 120 };
  const host: Host = { stdout: stderr, stderr, env: {}, cwd: '/', signal: new AbortController().signal };
  return { host, written: () => text };
}

function progress(ratePerSecond: number, failed = 0): BenchProgress {
  return {
    title: 'measuring',
    done: 0.5,
    remainingMs: 5000,
    live: { elapsedMs: 5000, calls: 1200, failed, ratePerSecond, p50Ms: 3.14, p99Ms: 148.2, inFlight: 4 },
  };
}

describe('the live view of a benchmark', () => {
  it('shows on a terminal rate, latencies, failures, time left and the rate’s course', () => {
    const { host, written } = screen(true);
    const view = benchView(host, false);
    for (const rate of [0, 100, 200, 400]) view.show(progress(rate));
    view.show(progress(1234.5, 3));
    const lines = written().split('\n');
    expect(lines.at(-3)).toContain('████████░░░░░░░░ measuring  about 5 s left');
    expect(lines.at(-2)).toContain(
      '▁▁▂▃█ 1,235 calls/s   p50 3.1 ms   p99 148 ms   4 in flight   1200 calls, 3 FAILED',
    );
    expect(lines.every((line) => stripVTControlCharacters(line).length < 120)).toBe(true);
  });

  it('removes itself at the end', () => {
    const { host, written } = screen(true);
    const view = benchView(host, false);
    view.show(progress(1));
    view.end();
    expect(written().endsWith('\r\u001B[1A\u001B[2K\u001B[1A\u001B[2K')).toBe(true);
  });

  it('is a plain line per part where no terminal is, and nothing when quiet', () => {
    const { host, written } = screen(false);
    const view = benchView(host, false);
    for (const title of ['warming up', 'measuring', 'measuring: add', 'looking for the knee: 90 calls/s'])
      view.show({ ...progress(1), title });
    view.end();
    expect(written().split('\n').slice(0, -1)).toEqual([
      'mettle: warming up (about 5 s left)',
      'mettle: measuring (about 5 s left)',
      'mettle: looking for the knee (about 5 s left)',
    ]);
    const quiet = screen(true);
    benchView(quiet.host, true).show(progress(1));
    expect(quiet.written()).toBe('');
  });
});
