import type { Detector } from '../../evidence/index.ts';
import { raceDetector } from '../race-finding.ts';
import { mediumOf, pieceInWords } from '../race-words.ts';

const ID = 'duplicate-effect';

/** Calls that are to have an effect once have it once each: all look whether it is there before any brings it about. */
export const duplicateEffect: Detector<'race' | 'target'> = raceDetector({
  id: ID,
  severity: () => 'high',
  does: ({ difference: { extra } }) =>
    `have their effect twice: ${
      extra[0] === undefined
        ? 'both go through, where every order lets only one through'
        : `${pieceInWords(extra[0])} is there more often than after any order`
    }`,
  fix: (fault) => {
    switch (mediumOf(fault.at, fault)) {
      case 'file':
        return 'Look and create in one step: `open(path, "wx")` (O_EXCL) fails when the file is there. For entries within a file, run looking and writing inside `exclusive(key, fn)` of @mettle/runtime, keyed by the file; of calls that ask for the same, keep the promise of the first under its key and give it to the others.';
      case 'service':
        return 'Let the database refuse the second one: a UNIQUE constraint with `INSERT … ON CONFLICT`, or an idempotency key, instead of looking first.';
      case 'memory':
        return 'Look and add without an `await` in between, or keep the promise of the first call under its key and give it to the second; else run both inside `exclusive(key, fn)` of @mettle/runtime.';
    }
  },
});
