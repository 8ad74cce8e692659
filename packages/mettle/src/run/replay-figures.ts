import type { RecordedOutcome, ReplayFigures, Subject } from '../evidence/index.ts';
import type { ReplayLog, ReplaySchedule } from '../load/index.ts';

/** As a recorder would have put it. */
function outcomeOf(end: string): string {
  return end === 'ok' ? 'success' : end;
}

/** Every call of a recording accounted for: made, ended as then or otherwise, left out. */
export function replayFigures(schedule: ReplaySchedule, log: ReplayLog, speed: number): ReplayFigures {
  const { calls, sessions, recorded, idleCutMs, leftOut } = schedule;
  const differing = new Map<
    string,
    { subject: Subject; recorded: RecordedOutcome; now: string; calls: number }
  >();
  let sameOutcome = 0;
  let notCompared = 0;
  let made = 0;
  for (const [i, { subject, recorded: before }] of calls.entries()) {
    const end = log.ends[i] ?? null;
    if (end === null) continue;
    made++;
    const now = outcomeOf(end);
    if (before.outcome === 'cancelled' || before.outcome === 'unanswered') notCompared++;
    else if (before.outcome === now) sameOutcome++;
    else {
      const key = JSON.stringify([subject.name, before.outcome, now]);
      const row = differing.get(key) ?? { subject, recorded: before.outcome, now, calls: 0 };
      row.calls++;
      differing.set(key, row);
    }
  }
  const unmade = calls.length - made;
  return {
    speed,
    recorded,
    idleCutMs,
    calls: made,
    sessions: sessions.length,
    mostUnderWay: log.mostUnderWay,
    leftOut: [
      ...leftOut,
      ...(unmade === 0
        ? []
        : [{ subject: 'any', calls: unmade, why: 'the replay ended before they were answered' }]),
    ],
    held: { calls: log.held, longestMs: log.longestHeldMs },
    sameOutcome,
    notCompared,
    differing: [...differing.values()].toSorted((a, b) => b.calls - a.calls),
  };
}
