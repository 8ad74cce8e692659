import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { Result } from '../../src/evidence/index.ts';
import { attachAndWatch, detectors, resultOf } from '../../src/run/index.ts';
import { ownFixture, startBare } from './bare-server.ts';
import type { BareServer } from './bare-server.ts';

const FILE = ownFixture('match-user.ts');
const LINES = readFileSync(FILE, 'utf8').split('\n');
const lineOf = (text: string): number => LINES.findIndex((line) => line.includes(text)) + 1;

let server: BareServer | undefined;
afterEach(() => server?.kill());

/** Runs the TypeScript server as tsx does, without Mettle. */
async function start(): Promise<BareServer> {
  server = await startBare([FILE], ['--inspect-port=0', '--import', 'tsx']);
  return server;
}

async function attach(pid: number, attached: () => Promise<unknown>): Promise<Result> {
  const interruption = new AbortController();
  let told = false;
  const { bundle } = await attachAndWatch({
    pid,
    durationMs: 60_000,
    command: `mettle attach ${pid}`,
    mettle: '0.0.0',
    signal: interruption.signal,
    onProgress() {
      if (told) return;
      told = true;
      void attached().then(() => interruption.abort());
    },
  });
  return resultOf(bundle, detectors);
}

describe('attaching to a TypeScript server whose code is on no disk', () => {
  test('names the lines that were written, and leaves it serving', async () => {
    const { pid, keepCalling, call, ports, noise } = await start();
    const traffic = keepCalling(['noop', 'burn']);
    const result = await attach(pid, () => traffic.answered(12));
    await traffic.end();
    const found = result.findings.find((one) => one.tool === 'burn');
    expect(found).toMatchObject({ id: 'blocked-event-loop', location: { file: FILE } });
    // Its time is its own and that of a function within it: nobody can tell the line, but the function begins there.
    expect(LINES.slice(lineOf('function burn') - 1, lineOf('return rounds'))).toContain(
      LINES[(found?.location?.line ?? 0) - 1],
    );
    expect(result.notes.join(' ')).not.toMatch(/source map/);
    expect(await call('noop')).toHaveProperty('result');
    expect(ports() ?? []).toEqual([]);
    expect(noise).toEqual([]);
  });

  test('also while it is wedged, when only the inspector can be asked', async () => {
    const { pid, call, stderrHas, ports } = await start();
    void call('wedge');
    await stderrHas('matching');
    const result = await attach(pid, () => Promise.resolve());
    expect(result.findings[0]).toMatchObject({
      severity: 'critical',
      location: { file: FILE, function: 'matchUser', line: lineOf('return BACKTRACKS.test(name)') },
    });
    expect(ports() ?? []).toEqual([]);
  });
});
