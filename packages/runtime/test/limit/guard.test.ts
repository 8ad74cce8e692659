import { describe, expect, test } from 'vitest';
import { Guard } from '../../src/limit/guard.ts';

describe('the guard', () => {
  test('a late and busy loop cuts what runs; a punctual one gives it back step by step', () => {
    let raised = 0;
    const guard = new Guard(100, {}, () => raised++);
    guard.bound.running = 50;
    guard.sample(200, 1);
    expect(guard.bound.max).toBe(35);
    expect(guard.late).toBe(true);
    for (let sample = 0; sample < 50; sample++) guard.sample(200, 1);
    expect(guard.bound.max).toBe(4);
    for (let sample = 0; sample < 50; sample++) guard.sample(5, 1);
    expect(guard.bound.max).toBe(100);
    expect(guard.late).toBe(false);
    expect(raised).toBeGreaterThan(10);
  });

  test('a late but idle loop, as after sleep, cuts nothing', () => {
    const guard = new Guard(100, {}, () => undefined);
    guard.sample(60_000, 0.01);
    expect(guard.bound.max).toBe(100);
  });

  test('too little memory, or an own reason, refuses everything until it is over', () => {
    const heap = new Guard(100, { maxHeap: 0.0001 }, () => undefined);
    heap.sample(0, 0);
    expect(heap.shedding).toBe('heap');
    const rss = new Guard(100, { maxRssBytes: 1 }, () => undefined);
    rss.sample(0, 0);
    expect(rss.shedding).toBe('rss');
    let reason: string | undefined = 'database down';
    const own = new Guard(100, { check: () => reason }, () => undefined);
    own.sample(0, 0);
    expect(own.shedding).toBe('database down');
    reason = undefined;
    own.sample(0, 0);
    expect(own.shedding).toBeUndefined();
  });
});
