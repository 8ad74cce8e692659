import type { Detector } from '../../evidence/index.ts';
import { raceDetector } from '../race-finding.ts';
import { quotation, strangeAnswer } from '../race-words.ts';

const ID = 'order-dependent-result';

/** An answer that no order of the calls gives, while all that is left behind is in order: a torn view, or a figure of what is under way. */
export const orderDependentResult: Detector<'race' | 'target'> = raceDetector({
  id: ID,
  // A gauge of calls under way answers so by design: to be known, not to fail a build.
  severity: () => 'low',
  does: (fault) => {
    const said = strangeAnswer(fault);
    return `answer what no order of them gives${said === null ? '' : `: ${quotation(said)}`}; what they leave behind is in order`;
  },
  fix: () =>
    'If the answer is to be that of one moment, read everything it tells in one go, without an `await` in between, or inside `exclusive(key, fn)` of @mettle/runtime. If it tells what is under way just now, nothing needs mending.',
});
