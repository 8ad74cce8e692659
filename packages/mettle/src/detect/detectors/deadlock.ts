import { crowdsOf } from '../../derive/race/index.ts';
import { formatPlace, homeOf, locationOf } from '../../derive/frames.ts';
import type { Detector, DetectorInput, Finding } from '../../evidence/index.ts';
import { quoted } from '../figures.ts';
import { askedFor, makeFinding, raceCommand } from '../finding.ts';
import { nothingRaced, raceFindings, type RaceKind } from '../race-finding.ts';

const ID = 'deadlock';
const FIX =
  'Each waits for what the other holds. Take locks in one order everywhere, take none while one is held (a lock that is not re-entrant waits for itself), and give each back in a `finally`. `exclusive(key, fn)` of @mettle/runtime refuses a call that would wait for itself, directly or round several locks, at once (`METTLE_DEADLOCK`); a time-out on waiting turns a hang into an error, too.';

const KIND: RaceKind = {
  id: ID,
  severity: () => 'high',
  does: ({ violation: { outcome } }) =>
    `never answer: ${outcome.answers.filter(({ status }) => status === 'unanswered').length} wait for ever, with nothing under way that could wake them`,
  fix: () => FIX,
};

/** Calls that wait for one another for ever: nothing is pending, inside or outside, so no time-out had to be guessed. */
export const deadlock: Detector<'race' | 'target'> = {
  id: ID,
  check: 'race',
  examinations: ['check', 'race'],
  needs: ['race', 'target'],
  mayUse: ['exercise'],
  detect(evidence) {
    const pairs = raceFindings(KIND, evidence);
    const told = new Set(pairs.map(({ tool }) => tool));
    // Locks that only many calls take from one another, as when each needs two places of a pool.
    return [...pairs, ...inCrowds(evidence).filter(({ tool }) => !told.has(tool))];
  },
  blind: ({ race }) => nothingRaced(race),
  looked: ({ race }) => race.coverage,
};

function inCrowds(evidence: DetectorInput<'race' | 'target'>): readonly Finding[] {
  const { race, target, exercise } = evidence;
  const home = homeOf(target);
  return crowdsOf(race).flatMap((crowd) => {
    if (crowd.alone.status !== 'done') return [];
    const stuck = crowd.rows.find(({ status }) => status === 'deadlock');
    if (stuck === undefined) return [];
    const location = locationOf(
      stuck.waitingAt.slice(0, 1).map(({ site }) => site),
      home,
    );
    const where = location === undefined ? '' : `, at ${formatPlace(location, target.cwd)}`;
    return [
      makeFinding({
        id: ID,
        tool: crowd.subject,
        location,
        severity: 'high',
        confidence: 'measured',
        title: `${stuck.calls} calls of ${quoted(crowd.subject)} at once never answer, with nothing under way that could wake them${where}`,
        evidence: [],
        cost: { value: stuck.calls, unit: 'calls that hang', per: 'run' },
        fix: FIX,
        verify: {
          command: raceCommand(ID, target, askedFor(crowd.subject, exercise)),
          expect: `exit code 0: ${stuck.calls} calls of ${quoted(crowd.subject)} at once all answer`,
        },
      }),
    ];
  });
}
