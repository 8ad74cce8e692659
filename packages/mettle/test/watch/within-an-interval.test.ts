import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Watcher, type Seen } from '../../src/watch/watcher.ts';
import { configOf, watched } from './engine/forms.ts';
import { mcpServer, serve } from './probe/loopback.ts';

const INTERVAL_MS = 100;
const TURNS = 20;
/** Two clocks, rounded to milliseconds. */
const ROUNDING_MS = 3;

describe('a server that dies, and one that recovers', { timeout: 60_000 }, () => {
  it('is reported by the first look that is due afterwards, which is due within one interval', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    let sick = false;
    const well = mcpServer();
    const url = await serve((request, response) => {
      if (sick) response.writeHead(503).end();
      else well(request, response);
    });
    const server = watched('it', url, { intervalMs: INTERVAL_MS, failures: 1, recoveries: 1 });
    const watcher = await Watcher.open(
      configOf({ store: join(folder, 'w.db'), engine: null }, [server]),
      () => undefined,
    );
    const looks: {
      readonly isDown: boolean;
      readonly wasSick: boolean;
      readonly dueMs: number;
      readonly endMs: number;
    }[] = [];
    const done = new Promise<void>((resolve) => {
      watcher.listen(({ outcome, standing }: Seen) => {
        // When it was due, not when a busy machine came to it.
        const lateMs = watcher.latenessMs[looks.length] ?? 0;
        const dueMs = Date.parse(outcome.startedAt) - lateMs;
        looks.push({ isDown: standing.isDown, wasSick: sick, dueMs, endMs: Date.now() });
        // It dies, or recovers, right after a look: the worst moment.
        sick = !sick;
        if (looks.length === TURNS) resolve();
      });
    });
    await watcher.start();
    await done;
    await watcher.stop();
    expect(looks.map(({ isDown }) => isDown)).toEqual(looks.map(({ wasSick }) => wasSick));
    for (const [i, { dueMs, endMs }] of looks.slice(0, -1).entries()) {
      // A look that lasts longer than its interval, on a busy machine, is followed at the beat after its end.
      const beats = Math.max(1, Math.ceil((endMs - dueMs) / INTERVAL_MS));
      expect((looks[i + 1]?.dueMs ?? Infinity) - dueMs).toBeLessThanOrEqual(
        beats * INTERVAL_MS + ROUNDING_MS,
      );
    }
  });
});
