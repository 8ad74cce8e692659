import type { RaceFault } from '../../derive/race/index.ts';
import type { Detector } from '../../evidence/index.ts';
import { raceDetector } from '../race-finding.ts';
import { pieceInWords, quotation, strangeAnswer } from '../race-words.ts';

const ID = 'torn-read';

/** A call reads what another has half written: a file that was cut to nothing and not yet filled. */
export const tornRead: Detector<'race' | 'target'> = raceDetector({
  id: ID,
  // An answer that is wrong for a moment is mended by the next call; an error, or a state built on it, is not.
  severity: ({ violation }) => (violation.class === 'results' ? 'medium' : 'high'),
  does: (fault) => `meet in a half-written ${resourceOf(fault)}: ${consequenceOf(fault)}`,
  fix: () =>
    'Write to a temporary file with a name of its own in the same folder and `rename` it onto the old one: readers then see the old state or the new one, never a part. Where a reader also writes back what it read, run reading and writing inside `exclusive(key, fn)` of @mettle/runtime, keyed by the file.',
});

function resourceOf({ torn, violation }: RaceFault): string {
  return (torn === null ? null : violation.steps[torn.read]?.resource) ?? 'state';
}

function consequenceOf(fault: RaceFault): string {
  const { violation, difference } = fault;
  if (violation.class === 'state' && difference.missing[0] !== undefined)
    return `${pieceInWords(difference.missing[0])} is gone`;
  const strange = strangeAnswer(fault);
  return strange === null
    ? 'what is left behind is what no order leaves'
    : `the answer ${quotation(strange === '' ? '(empty)' : strange)} comes in no order`;
}
