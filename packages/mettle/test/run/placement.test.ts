import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { describe, expect, it, onTestFinished } from 'vitest';
import { idleMsOfCores, placeApart, placeTogether } from '../../src/run/bench/placement.ts';
import { allowedCores, keepTo } from '../../src/session/index.ts';

const cores = allowedCores(process.pid);
const places = cores !== null && keepTo([process.pid], cores);

/** A process with nothing to do; its number. */
async function target(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const ended = once(child, 'exit');
  onTestFinished(async () => {
    child.kill();
    await ended;
  });
  await once(child, 'spawn');
  return child.pid as number;
}

describe.skipIf(!places || cores.length !== 2)('two servers that are called in turns, on two cores', () => {
  it('are kept to one core with the driver, the one that had less to do, and the driver is let go afterwards', async () => {
    const pids = [await target(), await target()];
    const idle = idleMsOfCores();
    for (const core of cores ?? []) {
      // As if that one had done nothing since, and the other everything.
      const before = idle.map((ms, i) => (i === core ? -1e9 : ms));
      const placed = placeTogether(pids, before);
      expect([process.pid, ...pids].map(allowedCores)).toEqual([[core], [core], [core]]);
      placed.release();
      expect(allowedCores(process.pid)).toEqual(cores);
    }
  });

  it('are left to the system where Mettle started none of them', () => {
    placeTogether([], idleMsOfCores()).release();
    expect(allowedCores(process.pid)).toEqual(cores);
  });
});

describe.skipIf(!places || cores.length < 2)('a server under load, on several cores', () => {
  it('has all but the last, which is the driver’s', async () => {
    const pid = await target();
    const placed = placeApart([pid], true);
    expect(allowedCores(process.pid)).toEqual(cores?.slice(-1));
    expect(allowedCores(pid)).toEqual(cores?.slice(0, -1));
    placed.release();
    expect(allowedCores(process.pid)).toEqual(cores);
  });
});
