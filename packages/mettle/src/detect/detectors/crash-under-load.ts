import type { Detector, DetectorInput, Finding } from '../../evidence/index.ts';
import { crowdsOf } from '../../derive/race/index.ts';
import { plural, quoted } from '../figures.ts';
import { crowdPart, lookedAtCrowds, noCrowd } from '../crowd-finding.ts';
import { nothingRaced, raceFindings, type RaceKind } from '../race-finding.ts';
import { quotation } from '../race-words.ts';

const ID = 'crash-under-load';
const FIX =
  'Await every promise, or give it a `catch`; listen for `error` on every stream, socket and child process; do not answer or end the same thing twice. What one call does wrong must be that call’s error: a crash ends all sessions. Where memory is what runs out, limit how many calls are under way with `createLimit` of @mettle/runtime.';

const KIND: RaceKind = {
  id: ID,
  severity: () => 'critical',
  does: () => 'kill the server',
  fix: () => FIX,
};

/** Calls that are answered one at a time kill the server when they come together. */
export const crashUnderLoad: Detector<'race' | 'target'> = {
  id: ID,
  check: 'overload',
  examinations: ['check', 'race'],
  needs: ['race', 'target'],
  mayUse: ['exercise'],
  detect(evidence) {
    const byTwo = raceFindings(KIND, evidence);
    const told = new Set(byTwo.map(({ tool }) => tool));
    return [...byTwo, ...inCrowds(evidence).filter(({ tool }) => !told.has(tool))];
  },
  blind: ({ race }) => (crowdsOf(race).length > 0 ? null : (nothingRaced(race) ?? noCrowd(race))),
  looked: ({ race }) => lookedAtCrowds(race),
};

function inCrowds(evidence: DetectorInput<'race' | 'target'>): readonly Finding[] {
  return crowdPart(ID, ({ subject, alone, rows }) => {
    const dead = rows.find(({ crash }) => crash !== null);
    if (alone.crash !== null || dead?.crash == null) return null;
    return {
      severity: 'critical',
      title: `${plural(dead.calls, 'call')} of ${quoted(subject)} at once kill the server: ${quotation(dead.crash)}`,
      cost: { value: dead.calls, unit: 'calls at once that end all sessions', per: 'run' },
      fix: FIX,
      expect: `${dead.calls} calls of ${quoted(subject)} at once are all answered`,
    };
  }).detect(evidence);
}
