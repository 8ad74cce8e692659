import type { Detector } from '../../evidence/index.ts';
import { raceDetector } from '../race-finding.ts';
import { mediumOf, pieceInWords } from '../race-words.ts';

const ID = 'duplicate-effect';

/** Calls that are to have an effect once have it once each: all look whether it is there before any brings it about. */
export const duplicateEffect: Detector<'race' | 'target'> = raceDetector({
  id: ID,
  severity: () => 'high',
  does: ({ difference: { extra }, violation }) =>
    `have their effect twice: ${extra[0] === undefined ? 'both go through' : `${pieceInWords(extra[0])} is there once too often`}, where every order ${violation.allowed.length > 0 ? 'lets only one through' : 'has it once'}`,
  fix: (fault) => {
    switch (mediumOf(fault.at, fault)) {
      case 'file':
        return 'Look and create in one step: `open(path, "wx")` (O_EXCL) fails when the file is there. For entries within a file, run looking and writing inside `exclusive(key, fn)` of @mettle/runtime, keyed by the file.';
      case 'service':
        return 'Let the database refuse the second one: a UNIQUE constraint with `INSERT … ON CONFLICT`, or an idempotency key, instead of looking first.';
      case 'memory':
        return 'Look and add without an `await` in between, or keep the promise of the first call under its key and give it to the second; else run both inside `exclusive(key, fn)` of @mettle/runtime.';
    }
  },
});
