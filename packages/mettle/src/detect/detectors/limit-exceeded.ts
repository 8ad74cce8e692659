import { refusals } from '../../derive/race/index.ts';
import type { Detector } from '../../evidence/index.ts';
import { plural } from '../figures.ts';
import { raceDetector } from '../race-finding.ts';
import { mediumOf, pieceInWords } from '../race-words.ts';

const ID = 'limit-exceeded';

/** More calls go through than there is room for: each counts before any adds. */
export const limitExceeded: Detector<'race' | 'target'> = raceDetector({
  id: ID,
  severity: () => 'high',
  does: ({ violation: { setup, calls, outcome, allowed }, difference: { extra } }) => {
    const before = setup.length === 0 ? '' : ` after ${plural(setup.length, 'call')}`;
    const who = calls.length === 2 ? 'both' : 'more';
    const counted = refusals(outcome, allowed);
    const refused = counted !== null && counted.observed < counted.least;
    const left = extra[0] === undefined ? '' : `, and leave ${pieceInWords(extra[0])}`;
    return `exceed a limit${before}: ${who} go through${refused ? ' where every order refuses one' : ''}${left}${refused ? '' : ', which no order leaves'}`;
  },
  fix: (fault) => {
    switch (mediumOf(fault.at, fault)) {
      case 'file':
        return 'Count and add inside `exclusive(key, fn)` of @mettle/runtime, keyed by what is limited; where several processes share the file, take a lock file with the flag `wx`, or keep the count in a database.';
      case 'service':
        return 'Let the database keep the limit, in one step: `UPDATE … SET taken = taken + 1 WHERE taken < places`, or count and insert in one serialisable transaction.';
      case 'memory':
        return 'Whoever counts must add before the next one counts: take the place first, without an `await` between counting and taking, and give it back on failure; or run both inside `exclusive(key, fn)` of @mettle/runtime, keyed by what is limited.';
    }
  },
});
