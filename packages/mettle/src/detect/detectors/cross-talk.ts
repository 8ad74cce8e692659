import type { Detector } from '../../evidence/index.ts';
import { raceDetector } from '../race-finding.ts';
import { quotation } from '../race-words.ts';

const ID = 'cross-talk';

/** One caller gets another's answer, or what belongs to another. */
export const crossTalk: Detector<'race' | 'target'> = raceDetector({
  id: ID,
  // What one user may see, another now sees.
  severity: () => 'critical',
  does: ({ swapped }) =>
    swapped === null
      ? 'answer with what belongs to another call'
      : `answer one another: call ${swapped.lane} gets ${swapped.exchanged ? 'the answer' : 'a value'} of call ${swapped.of}, ${quotation(swapped.what)}`,
  fix: () =>
    'What belongs to one call must not stand in a variable that the next call sets: keep it in the handler’s own variables, pass it on as an argument, or use AsyncLocalStorage. Over HTTP give each session its own server and transport, and answer each request by its own id and response.',
});
