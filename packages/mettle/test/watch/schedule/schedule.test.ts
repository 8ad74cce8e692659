import { describe, expect, it, onTestFinished } from 'vitest';
import { Schedule, type Scheduled } from '../../../src/watch/schedule/schedule.ts';

function items(count: number, intervalMs: number): Scheduled[] {
  return Array.from({ length: count }, (_each, i) => ({ name: String(i), intervalMs }));
}

describe('the schedule', { timeout: 20_000 }, () => {
  it('looks at every item about as often as its interval says, however long a look takes', async () => {
    const counts = new Map<string, number>();
    let done = (): void => undefined;
    const enough = new Promise<void>((resolve) => (done = resolve));
    const schedule = new Schedule(items(20, 100), {
      concurrency: 20,
      jitter: 0.1,
      random: Math.random,
      look: async ({ name }) => {
        counts.set(name, (counts.get(name) ?? 0) + 1);
        await new Promise((resolve) => setTimeout(resolve, 20));
        if ([...counts.values()].every((count) => count >= 5) && counts.size === 20) done();
      },
    });
    onTestFinished(() => schedule.stop());
    schedule.start();
    await enough;
    // None is looked at twice as often as another.
    expect(Math.max(...counts.values())).toBeLessThan(2 * Math.min(...counts.values()) + 2);
  });

  it('has no more looks under way than allowed, and none of one item twice', async () => {
    let underWay = 0;
    let most = 0;
    const now = new Set<string>();
    let looks = 0;
    let done = (): void => undefined;
    const enough = new Promise<void>((resolve) => (done = resolve));
    const schedule = new Schedule(items(10, 5), {
      concurrency: 3,
      jitter: 0,
      random: () => 0.5,
      look: async ({ name }) => {
        expect(now.has(name)).toBe(false);
        now.add(name);
        underWay += 1;
        most = Math.max(most, underWay);
        await new Promise((resolve) => setTimeout(resolve, 10));
        underWay -= 1;
        now.delete(name);
        looks += 1;
        if (looks === 60) done();
      },
    });
    schedule.start();
    await enough;
    await schedule.stop();
    expect(most).toBe(3);
    expect(underWay).toBe(0);
  });

  it('has the next look due within one interval of the last, however late a busy machine begins it', async () => {
    const looks: { readonly dueMs: number; endMs: number }[] = [];
    let done = (): void => undefined;
    const enough = new Promise<void>((resolve) => (done = resolve));
    const schedule = new Schedule(items(1, 100), {
      concurrency: 1,
      jitter: 0,
      random: () => 0.5,
      onStart: (_item, latenessMs) => looks.push({ dueMs: performance.now() - latenessMs, endMs: 0 }),
      look: async () => {
        await new Promise((resolve) => setTimeout(resolve, 5));
        const last = looks.at(-1);
        if (last !== undefined) last.endMs = performance.now();
        if (looks.length === 10) done();
      },
    });
    schedule.start();
    await enough;
    await schedule.stop();
    for (const [i, { dueMs, endMs }] of looks.slice(0, -1).entries()) {
      // One that ended after the next beat, on a busy machine, is followed at the beat after its end.
      const beats = Math.max(1, Math.ceil((endMs + 10 - dueMs) / 100));
      expect((looks[i + 1]?.dueMs ?? Infinity) - dueMs).toBeLessThanOrEqual(beats * 100 + 1);
    }
  });

  it('skips the beats that a long look missed, rather than catching up', async () => {
    // When each look was due: when it began does not matter, a busy machine may be late.
    const dueMs: number[] = [];
    let passed = 0;
    let done = (): void => undefined;
    const enough = new Promise<void>((resolve) => (done = resolve));
    const schedule = new Schedule(items(1, 50), {
      concurrency: 5,
      jitter: 0,
      random: () => 0.5,
      onStart: (_item, latenessMs) => {
        dueMs.push(performance.now() - latenessMs);
        if (dueMs.length === 3) done();
      },
      onMissed: (_item, beats) => (passed += dueMs.length < 3 ? beats : 0),
      look: () => new Promise((resolve) => setTimeout(resolve, 170)),
    });
    schedule.start();
    await enough;
    await schedule.stop();
    const gapsMs = dueMs.slice(1).map((due, i) => due - (dueMs[i] ?? 0));
    // The next beat after 170 ms is at 200; whoever caught up would be due 50 ms after the last one.
    expect(Math.min(...gapsMs)).toBeGreaterThan(190);
    // Each beat is a look or is told to have been passed over.
    expect(Math.round(((dueMs[2] ?? 0) - (dueMs[0] ?? 0)) / 50)).toBe(2 + passed);
  });
});
