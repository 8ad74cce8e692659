import { describe, expect, it } from 'vitest';
import {
  allMissed,
  gapBefore,
  missedOf,
  openGap,
  type Evidence,
  type Gap,
  type Note,
  type Shift,
} from '../../../src/watch/store/missed.ts';
import { ShiftClock } from '../../../src/watch/store/shift-clock.ts';
import { outcome } from '../../builders/probe.ts';
import { watched } from '../engine/forms.ts';

const EVERY_MS = 60_000;
const NOON = Date.parse('2026-11-22T12:00:00.000Z');
const at = (minute: number): number => NOON + minute * EVERY_MS;
const IT = watched('it', undefined, { intervalMs: EVERY_MS, timeoutMs: 10_000 });

function gap(afterMinute: number, beforeMinute: number, late: readonly number[] = []): Gap {
  const made = gapBefore(
    { slotMs: at(afterMinute) },
    { server: IT, region: 'r', slotMs: at(beforeMinute), outcome: outcome() },
  );
  if (made === null) throw new Error('there is no gap');
  return { ...made, late: late.map(at) };
}
function note(fromMinute: number, toMinute: number, more: Partial<Note> = {}): Note {
  return {
    server: 'it',
    region: 'r',
    fromMs: at(fromMinute),
    toMs: at(toMinute),
    reason: 'overload',
    ...more,
  };
}
/** A process of region r that gave a sign each minute, each good for a minute. */
function shift(sinceMinute: number, lastSignMinute: number, more: Partial<Shift> = {}): Shift {
  return {
    region: 'r',
    sinceMs: at(sinceMinute),
    signMs: at(lastSignMinute),
    untilMs: at(lastSignMinute + 1),
    hasLeft: false,
    ...more,
  };
}
function reasons(gaps: readonly Gap[], evidence: Partial<Evidence>): unknown {
  const missed = missedOf(gaps, { notes: [], shifts: [], nowMs: at(100_000), ...evidence }, 0);
  return missed.get('it')?.reasons ?? {};
}

describe('the slots that were missed', () => {
  it('and those that were kept are together what was due, in whatever order the looks come', () => {
    // Every order of five slots of which some never come.
    for (let pattern = 0; pattern < 5 ** 5; pattern += 1) {
      const order = [...new Set(pattern.toString(5).padStart(5, '0').split('').map(Number))];
      const gaps: Gap[] = [];
      const kept: number[] = [];
      let newest: number | undefined;
      for (const slot of order) {
        const last = newest === undefined ? undefined : { slotMs: at(newest) };
        const made = gapBefore(last, { server: IT, region: 'r', slotMs: at(slot), outcome: outcome() });
        if (made !== null) gaps.push(made);
        kept.push(slot);
        newest = Math.max(newest ?? 0, slot);
      }
      const first = order[0] ?? 0;
      const due = (newest ?? 0) - first + 1;
      const complete = gaps.map((each) => ({
        ...each,
        late: kept.map(at).filter((slot) => slot > each.afterMs && slot < each.beforeMs),
      }));
      const missed = missedOf(complete, { notes: [], shifts: [], nowMs: at(10) }, 0).get('it')?.slots ?? 0;
      expect(kept.filter((slot) => slot >= first).length + missed).toBe(due);
    }
  });

  it('have the reason that was noted, what is said of the server before what is said of all', () => {
    expect(reasons([gap(0, 5)], { notes: [note(1, 2)], shifts: [shift(-9, 99_999)] })).toEqual({
      overload: 2,
      unexplained: 2,
    });
    const all = note(0, 9, { server: null, reason: 'redis-away' });
    expect(reasons([gap(0, 5)], { notes: [all, note(4, 4, { reason: 'long-look' })] })).toEqual({
      'redis-away': 3,
      'long-look': 1,
    });
    expect(reasons([gap(0, 3)], { notes: [{ ...all, region: 'other' }] })).toEqual({ absent: 2 });
  });

  it('were cut short about the time at which a process was killed, and nobody was there after that', () => {
    const killed = shift(-9, 3);
    expect(reasons([gap(1, 9)], { shifts: [killed] })).toEqual({ absent: 4, 'cut-short': 3 });
    // One that left by itself took nothing along; nor does one that lives.
    expect(reasons([gap(1, 9)], { shifts: [{ ...killed, hasLeft: true }] })).toEqual({
      absent: 4,
      unexplained: 3,
    });
    expect(reasons([gap(1, 4)], { shifts: [killed], nowMs: at(4) })).toEqual({ unexplained: 2 });
    expect(reasons([gap(1, 9)], { shifts: [{ ...killed, region: 'other' }] })).toEqual({ absent: 7 });
  });

  it('are told by hour, those only that are asked for, and without those that came late', () => {
    const found = missedOf([gap(50, 70, [55, 65])], { notes: [], shifts: [], nowMs: at(99) }, at(54));
    expect(found.get('it')).toEqual({
      slots: 14,
      reasons: { absent: 14 },
      hours: [
        { hourMs: at(0), slots: 5 },
        { hourMs: at(60), slots: 9 },
      ],
    });
    const twice = allMissed([...found.values(), ...found.values()]);
    expect([twice.slots, twice.reasons, twice.hours[1]?.slots]).toEqual([28, { absent: 28 }, 18]);
  });

  it('are reckoned as quickly for a year as for an hour', () => {
    const found = missedOf([gap(0, 525_600)], { notes: [], shifts: [], nowMs: at(525_601) }, at(525_000));
    expect(found.get('it')?.slots).toBe(600);
  });

  it('of a look that has not come are told once it cannot be under way any more', () => {
    const last = at(0);
    const slots = (nowMs: number): number => {
      const open = openGap(IT, 'r', last, nowMs);
      if (open === null) return 0;
      return (
        missedOf([open], { notes: [], shifts: [shift(-9, 99)], nowMs }, 0).get('it')?.reasons.overload ?? 0
      );
    };
    expect([slots(at(1.9)), slots(at(2)), slots(at(5.5))]).toEqual([0, 1, 4]);
  });

  it('are none where a watcher that was started anew has its beats at other moments', () => {
    const next = (minute: number): Gap | null =>
      gapBefore({ slotMs: at(0) }, { server: IT, region: 'r', slotMs: at(minute), outcome: outcome() });
    expect([next(0.7), next(1.4)]).toEqual([null, null]);
    expect(reasons([gap(0, 1.6)], {})).toEqual({ absent: 1 });
  });
});

describe('the shift of a process', () => {
  it('goes on while it gives signs, begins anew after it stood still, and ends once', () => {
    const clock = new ShiftClock('r', 1000);
    expect(clock.sign(0)).toEqual([]);
    expect(clock.begin(0)).toMatchObject({ sinceMs: 0, untilMs: 1000, hasLeft: false });
    expect(clock.sign(900)).toMatchObject([{ sinceMs: 0, signMs: 900, untilMs: 1900, hasLeft: false }]);
    // It was not killed: what it had in hand is not lost.
    expect(clock.sign(1901)).toMatchObject([
      { sinceMs: 0, untilMs: 1900, hasLeft: true },
      { sinceMs: 1901, untilMs: 2901, hasLeft: false },
    ]);
    expect(clock.leave(2000)).toMatchObject([{ sinceMs: 1901, untilMs: 2000, hasLeft: true }]);
    expect([clock.sign(2100), clock.leave(2200)]).toEqual([[], []]);
  });
});
