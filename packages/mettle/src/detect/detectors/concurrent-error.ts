import type { Detector } from '../../evidence/index.ts';
import { raceDetector } from '../race-finding.ts';
import { quotation, strangeAnswer } from '../race-words.ts';

const ID = 'concurrent-error';
/** SQLite's and others' words for a second BEGIN on one connection, or an end of what another call has ended. */
const IN_TRANSACTION =
  /transaction within a transaction|already (?:in|within) a transaction|no transaction is active/i;

/** A call fails because another runs beside it: in no order of the same calls does it. */
export const concurrentError: Detector<'race' | 'target'> = raceDetector({
  id: ID,
  severity: () => 'medium',
  does: (fault) => {
    const said = strangeAnswer(fault);
    return `fail where no order of them does${said === null ? '' : `: ${quotation(said)}`}`;
  },
  fix: (fault) => {
    if (IN_TRANSACTION.test(strangeAnswer(fault) ?? ''))
      return 'The calls share one connection, and one waits between BEGIN and COMMIT. Await nothing within a transaction, or give each call a connection of its own; else run the whole transaction inside `exclusive(key, fn)` of @mettle/runtime, keyed by the connection.';
    return fault.violation.steps.some(({ kind, writes }) => writes && kind.startsWith('fs.'))
      ? 'What was there when it was looked at is gone, half made or taken when it is used. Give temporary files names of their own (`mkdtemp`, `randomUUID`), do not look before acting but act and handle the error (ENOENT, EEXIST), or run looking and acting inside `exclusive(key, fn)` of @mettle/runtime.'
      : 'What the call relies on changes while it waits. Look again after each `await`, keep what belongs to one call in its own variables and share the promise of what is fetched once for all (a token, a connection), or run the whole inside `exclusive(key, fn)` of @mettle/runtime, keyed by what it needs.';
  },
});
