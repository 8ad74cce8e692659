import { describe, expect, it } from 'vitest';
import type { Owner, Tally } from '../../src/agent/slice-book.ts';
import type { ThreadClock } from '../../src/agent/thread-clock.ts';
import { Timeline } from '../../src/agent/timeline.ts';

const newTally = (index: number): Tally => ({
  index,
  calls: 0,
  onThreadMs: 0,
  cpuMs: 0,
  gcMs: 0,
  callbacks: 0,
  mergedInto: null,
});
const newOwner = (index: number): Owner => ({ tally: newTally(index) });

/** Time stands still but for what is told to take some; the thread always runs. */
const time = { ms: 1000 };
const now = (): number => time.ms;
function busy(ms: number): void {
  time.ms += ms;
}
const clock: ThreadClock = {
  kind: 'thread',
  cpuMs: 0,
  hostDelayMs: -1,
  read() {
    this.cpuMs = time.ms;
  },
};

function setting(): { timeline: Timeline; nobody: Owner; a: Owner; b: Owner } {
  const nobody = newOwner(0);
  const options = { thresholdMs: 8, maxSlices: 100, clockIntervalMs: 4, now };
  return { timeline: new Timeline(clock, nobody, options), nobody, a: newOwner(1), b: newOwner(2) };
}

describe('who has the main thread', () => {
  it('shares the microtasks of one turn among the calls that take turns in it', () => {
    const { timeline, a, b } = setting();
    timeline.starts(a, true);
    timeline.ends();
    for (let i = 0; i < 6; i++) {
      timeline.starts(i % 2 === 0 ? a : b, false);
      busy(2);
      timeline.ends();
    }
    timeline.finish();
    expect([a.tally.onThreadMs, b.tally.onThreadMs]).toEqual([6, 6]);
    expect([a.tally.cpuMs, b.tally.cpuMs]).toEqual([6, 6]);
    expect(timeline.kept).toEqual([]);
    expect([a.tally.callbacks, b.tally.callbacks]).toEqual([4, 3]);
  });

  it('takes microtasks of one call for one slice, and its next turn for another', () => {
    const { timeline, a } = setting();
    for (let turn = 0; turn < 2; turn++) {
      timeline.starts(a, true);
      timeline.ends();
      for (let i = 0; i < 5; i++) {
        timeline.starts(a, false);
        busy(2);
        timeline.ends();
      }
    }
    timeline.finish();
    expect(
      timeline.kept.map(({ startedAtMs, endedAtMs, cpuMs }) => [endedAtMs - startedAtMs, cpuMs]),
    ).toEqual([
      [10, 10],
      [10, 10],
    ]);
  });

  it('does not charge the loop’s own time, after the last microtask, to the call', () => {
    const { timeline, a, nobody } = setting();
    timeline.starts(a, true);
    timeline.ends();
    timeline.starts(a, false);
    busy(2);
    timeline.ends();
    busy(10);
    timeline.starts(nobody, true);
    timeline.ends();
    timeline.finish();
    expect(a.tally.onThreadMs).toBe(2);
  });

  it('goes back to the call of a microtask when another one’s callback ran within it', () => {
    const { timeline, a, b } = setting();
    timeline.starts(a, false);
    busy(2);
    timeline.starts(b, false);
    busy(3);
    timeline.ends();
    busy(2);
    timeline.ends();
    timeline.finish();
    expect([a.tally.onThreadMs, b.tally.onThreadMs]).toEqual([4, 3]);
  });

  it('counts what ran before the call’s name was known for its subject', () => {
    const { timeline } = setting();
    const subject = newTally(3);
    const call = newOwner(0);
    const early = call.tally;
    timeline.starts(call, true);
    busy(2);
    timeline.become(null);
    early.mergedInto = subject;
    call.tally = subject;
    timeline.finish();
    expect(subject.onThreadMs).toBe(2);
  });

  it('starts anew after an exception went through everything', () => {
    const { timeline, a, b } = setting();
    timeline.starts(a, true);
    timeline.starts(a, false);
    timeline.unwind();
    expect(timeline.nested).toBe(false);
    timeline.starts(b, true);
    busy(2);
    timeline.ends();
    timeline.finish();
    expect(b.tally.onThreadMs).toBe(2);
  });

  it('tells whose it was at a time, for garbage that is told later', () => {
    const { timeline, a } = setting();
    timeline.starts(a, true);
    const at = time.ms;
    busy(1);
    timeline.ends();
    busy(1);
    const later = time.ms;
    timeline.finish();
    expect([timeline.ownerAt(at - 1000), timeline.ownerAt(at), timeline.ownerAt(later)]).toEqual([0, 1, 0]);
  });

  it('knows from beginnings alone whose the time is, with the loop’s reading before the next turn', () => {
    const nobody = newOwner(0);
    const options = { thresholdMs: 8, maxSlices: 100, clockIntervalMs: 4, now, coarse: true };
    const timeline = new Timeline(clock, nobody, options);
    const [a, b] = [newOwner(1), newOwner(2)];
    timeline.starts(a, true);
    busy(1);
    timeline.ends();
    for (const owner of [a, b, b, a]) {
      timeline.continues(owner);
      busy(3);
    }
    timeline.starts(nobody, true);
    timeline.ends();
    timeline.finish();
    expect([a.tally.onThreadMs, b.tally.onThreadMs]).toEqual([7, 6]);
    expect([a.tally.callbacks, b.tally.callbacks]).toEqual([3, 2]);
  });
});
