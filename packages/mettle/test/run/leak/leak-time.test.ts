import { describe, expect, it } from 'vitest';
import { LeakTime } from '../../../src/run/leak/leak-time.ts';

/** A time of so many seconds by a clock that the test turns. */
function timeOf(
  budgetSeconds: number,
  onTopSeconds: number,
): { time: LeakTime; pass(seconds: number): void } {
  let nowMs = 0;
  const time = new LeakTime({
    untilMs: budgetSeconds * 1000,
    onTopMs: onTopSeconds * 1000,
    now: () => nowMs,
  });
  return {
    time,
    pass(seconds) {
      nowMs += seconds * 1000;
    },
  };
}

describe('the time of an examination of a heap', () => {
  it.each([
    ['eight seconds for verdicts where nobody else wants the cores', 30, 8],
    ['half as much again where others do', 45, 12],
    ['three times as much, however crowded the machine', 120, 24],
  ])('holds a whole command to its budget, and %s', (_, onTopSeconds, forVerdicts) => {
    const { time, pass } = timeOf(60, onTopSeconds);
    expect(time.leftForScreeningMs).toBe(60_000);
    pass(60);
    time.extendForVerdicts();
    expect(time.leftMs).toBe(forVerdicts * 1000);
    pass(forVerdicts);
    time.extendForVerdicts();
    expect(time.leftMs).toBe(0);
  });

  it('gives a short stage of check on a crowded machine what an examination takes there', () => {
    const { time, pass } = timeOf(12, 40);
    expect(time.leftForScreeningMs).toBe(28_000);
    pass(4);
    time.extendForScreening();
    expect(time.leftMs).toBe(24_000);
    pass(24);
    time.extendForVerdicts();
    expect(time.leftMs).toBe(8000);
  });

  it('uses nothing on top where nothing is allowed on top', () => {
    const { time, pass } = timeOf(20, 0);
    expect(time.leftForScreeningMs).toBe(20_000);
    pass(19);
    time.extendForScreening();
    time.extendForVerdicts();
    expect(time.leftMs).toBe(1000);
    expect(time.isShort).toBe(false);
    pass(1);
    expect(time.isShort).toBe(true);
    expect(time.leftForCallsMs).toBe(0);
  });
});
