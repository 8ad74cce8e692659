import { describe, expect, it } from 'vitest';
import { HeapTraps } from '../../src/agent/heap-traps.ts';

/** What was added and not taken out again, and what was taken out, as lines of this file in their order. */
function noted(traps: HeapTraps): {
  readonly kept: number;
  readonly ended: number;
  readonly removed: number;
} {
  const records = traps.take();
  return {
    kept: records.filter((record) => !record.removed && !record.ended).length,
    ended: records.filter((record) => !record.removed && record.ended).length,
    removed: records.filter((record) => record.removed).length,
  };
}

describe('traps on live objects', () => {
  it('tell what stays in a Map from what is taken out again', () => {
    const traps = new HeapTraps();
    const waiting = new Map<number, string>();
    traps.add(0, waiting);
    waiting.set(1, 'question').set(2, 'note');
    waiting.delete(1);
    expect(noted(traps)).toEqual({ kept: 1, ended: 1, removed: 1 });
    traps.removeAll();
    expect(Object.keys(waiting)).toEqual([]);
  });

  it('count no removal where nothing was found to be removed', () => {
    const traps = new HeapTraps();
    const inFlight = new Set<object>();
    traps.add(0, inFlight);
    inFlight.add({ id: 1 });
    inFlight.delete({ id: 1 });
    expect(noted(traps)).toEqual({ kept: 1, ended: 0, removed: 0 });
    traps.removeAll();
  });

  it('end with a Map that is cleared', () => {
    const traps = new HeapTraps();
    const batch = new Map([['old', 1]]);
    traps.add(0, batch);
    batch.set('new', 2);
    batch.clear();
    expect(noted(traps)).toEqual({ kept: 0, ended: 1, removed: 1 });
    expect(batch.size).toBe(0);
    traps.removeAll();
  });

  it('see what is pushed, assigned and shifted of a list, and leave it as it was', () => {
    const traps = new HeapTraps();
    const list: number[] = [];
    traps.add(0, list);
    list.push(1);
    list[1] = 2;
    list.shift();
    expect([...list]).toEqual([2]);
    const { kept, removed } = noted(traps);
    expect(kept).toBeGreaterThanOrEqual(2);
    expect(removed).toBe(1);
    traps.removeAll();
    expect(Object.getPrototypeOf(list)).toBe(Array.prototype);
  });
});
