import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Watcher, type Seen } from '../../src/watch/watcher.ts';
import { configOf, watched } from './engine/forms.ts';
import { mcpServer, serve } from './probe/loopback.ts';

const TURNS = 8;

describe('a server that dies, and one that recovers', { timeout: 60_000 }, () => {
  // That a look is due once in each interval, and begins when it is, is for the tests of the schedule.
  it('is reported by the very next look, down and up, with failures and recoveries of one', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    onTestFinished(() => rm(folder, { recursive: true, force: true }));
    let sick = false;
    const well = mcpServer();
    const url = await serve((request, response) => {
      if (sick) response.writeHead(503).end();
      else well(request, response);
    });
    const server = watched('it', url, { intervalMs: 400, failures: 1, recoveries: 1 });
    const watcher = await Watcher.open(
      configOf({ store: join(folder, 'w.db'), engine: null }, [server]),
      () => undefined,
    );
    const looks: { readonly isDown: boolean; readonly wasSick: boolean }[] = [];
    const done = new Promise<void>((resolve) => {
      watcher.listen(({ standing }: Seen) => {
        looks.push({ isDown: standing.isDown, wasSick: sick });
        // It dies, or recovers, right after a look: the worst moment.
        sick = !sick;
        if (looks.length === TURNS) resolve();
      });
    });
    await watcher.start();
    await done;
    await watcher.stop();
    expect(looks.map(({ isDown }) => isDown)).toEqual(looks.map(({ wasSick }) => wasSick));
  });
});
