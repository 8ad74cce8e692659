import { expect, it, onTestFinished } from 'vitest';
import type { LookAt } from '../../../src/watch/engine/engine.ts';
import type { Note } from '../../../src/watch/store/missed.ts';
import { openEngine } from '../../../src/watch/engine/open.ts';
import { configOf, watched, type Ground } from './forms.ts';

/** What every beat does, whoever hands out the looks. */
export function beatTests(ground: Ground): void {
  async function beating(
    count: number,
    intervalMs: number,
    concurrency: number,
    look: LookAt,
    onMissed: (note: Note) => void = () => undefined,
  ): Promise<() => Promise<void>> {
    const servers = Array.from({ length: count }, (_each, i) =>
      watched(String(i), undefined, { intervalMs }),
    );
    const engine = await openEngine(configOf(await ground(), servers, { concurrency }), () => undefined);
    onTestFinished(() => engine.close());
    const beat = engine.beat({ look, onStart: () => undefined, onMissed });
    let ended: Promise<void> | null = null;
    const stop = (): Promise<void> => (ended ??= beat.stop());
    onTestFinished(stop);
    await beat.start();
    return stop;
  }

  it('takes every server about as often as its interval says, each look with a slot of its own', async () => {
    const slots = new Map<string, number[]>();
    const { promise, resolve } = deferred();
    const stop = await beating(20, 200, 20, async ({ name }, slotMs) => {
      slots.set(name, [...(slots.get(name) ?? []), slotMs]);
      await pause(20);
      if (slots.size === 20 && [...slots.values()].every(({ length }) => length >= 5)) resolve();
      return { kept: Promise.resolve() };
    });
    await promise;
    await stop();
    const counts = [...slots.values()].map(({ length }) => length);
    // None is looked at twice as often as another.
    expect(Math.max(...counts)).toBeLessThan(2 * Math.min(...counts) + 2);
    expect([...slots.values()].map((each) => new Set(each).size)).toEqual(counts);
  });

  it('has no more looks under way than allowed, none of one server twice, and none when it has stopped', async () => {
    const now = new Set<string>();
    let [most, looks, twice] = [0, 0, 0];
    const { promise, resolve } = deferred();
    const stop = await beating(10, 20, 3, async ({ name }) => {
      if (now.has(name)) twice += 1;
      now.add(name);
      most = Math.max(most, now.size);
      await pause(30);
      now.delete(name);
      if ((looks += 1) === 40) resolve();
      return { kept: Promise.resolve() };
    });
    await promise;
    await stop();
    const atTheEnd = looks;
    expect([most, twice, now.size]).toEqual([3, 0, 0]);
    await pause(100);
    expect(looks).toBe(atTheEnd);
  });

  it('skips what a long look missed, rather than catching up, and says why of each slot', async () => {
    const slots: number[] = [];
    const notes: Note[] = [];
    const { promise, resolve } = deferred();
    const look: LookAt = async (_server, slotMs) => {
      slots.push(slotMs);
      if (slots.length === 4) resolve();
      await pause(330);
      return { kept: Promise.resolve() };
    };
    const stop = await beating(1, 100, 5, look, (note) => notes.push(note));
    await promise;
    await stop();
    const [first = 0] = slots;
    const unsaid: number[] = [];
    for (let slot = first; slot < (slots.at(-1) ?? 0); slot += 100)
      if (
        !slots.some((each) => Math.abs(each - slot) < 25) &&
        !notes.some(({ fromMs, toMs }) => fromMs <= slot && slot <= toMs)
      )
        unsaid.push(slot);
    expect([unsaid, notes.some(({ reason }) => reason === 'long-look')]).toEqual([[], true]);
    const gapsMs = slots.slice(1).map((slot, i) => slot - (slots[i] ?? 0));
    // The next slot after 330 ms is at 400; whoever caught up would take the one 100 ms after the last.
    expect(Math.min(...gapsMs)).toBeGreaterThan(320);
  });

  it('begins those first that have waited longest when there is no time for all', async () => {
    const taken: number[] = [];
    const { promise, resolve } = deferred();
    // More than there is time for: some wait long enough to be taken for lost, others have just come.
    const stop = await beating(24, 3000, 1, async (_server, slotMs) => {
      taken.push(slotMs);
      if (taken.length === 40) resolve();
      await pause(160);
      return { kept: Promise.resolve() };
    });
    await promise;
    await stop();
    expect(taken).toEqual(taken.toSorted((a, b) => a - b));
  });
}

function deferred(): { readonly promise: Promise<void>; readonly resolve: () => void } {
  let resolve = (): void => undefined;
  const promise = new Promise<void>((done) => (resolve = done));
  return { promise, resolve };
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
