import { describe, expect, it, onTestFinished } from 'vitest';
import { openProcessClock, type ProcessClock } from '../../src/session/index.ts';
import { openRaw, valueOf } from './targets.ts';

function clockOf(pid: number | null | undefined): ProcessClock {
  const clock = openProcessClock(pid ?? null);
  onTestFinished(() => clock.close());
  return clock;
}

describe.runIf(process.platform === 'linux')('the clock of a process', { timeout: 30_000 }, () => {
  it('runs while the process works', async () => {
    const session = await openRaw();
    const clock = clockOf(session.process?.pid);
    const [main, tree] = [clock.mainThread(), clock.processTree()];
    await valueOf(session, 'echo', { text: 'x'.repeat(2_000_000) });
    expect(clock.mainThread()?.cpuMs).toBeGreaterThan(main?.cpuMs ?? Infinity);
    expect(clock.mainThread()?.hostDelayMs).toBeGreaterThanOrEqual(main?.hostDelayMs ?? Infinity);
    expect(clock.processTree()?.cpuMs).toBeGreaterThan(tree?.cpuMs ?? Infinity);
    expect(tree?.rssBytes).toBeGreaterThan(10_000_000);
  });

  it('agrees with what the process knows of itself', async () => {
    const session = await openRaw();
    const clock = clockOf(session.process?.pid);
    const beforeMs = (await valueOf(session, 'cpu')) as number;
    const tree = clock.processTree();
    const afterMs = (await valueOf(session, 'cpu')) as number;
    // The two accounts of the kernel differ by a few ticks of 10 ms.
    expect(tree?.cpuMs).toBeGreaterThan(beforeMs * 0.9 - 50);
    expect(tree?.cpuMs).toBeLessThan(afterMs * 1.1 + 50);
  });

  it('counts the children', async () => {
    const session = await openRaw('family');
    const alone = await openRaw();
    await valueOf(session, 'family');
    // Three node processes against one.
    expect(clockOf(session.process?.pid).processTree()?.rssBytes).toBeGreaterThan(
      (clockOf(alone.process?.pid).processTree()?.rssBytes ?? Infinity) * 1.5,
    );
  });

  it('reads null once the process is gone', async () => {
    const session = await openRaw();
    const clock = clockOf(session.process?.pid);
    await session.close();
    expect(clock.mainThread()).toBeNull();
    expect(clock.processTree()).toBeNull();
  });
});

it('the clock of no process reads null', () => {
  const clock = clockOf(null);
  expect(clock.mainThread()).toBeNull();
  expect(clock.processTree()).toBeNull();
});
