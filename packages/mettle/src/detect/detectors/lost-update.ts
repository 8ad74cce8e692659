import type { RaceFault, StatePiece } from '../../derive/race/index.ts';
import type { Detector } from '../../evidence/index.ts';
import { raceDetector } from '../race-finding.ts';
import { mediumOf, pieceInWords, quotation } from '../race-words.ts';

const ID = 'lost-update';

/** What one call wrote is not there any more, or was never written, because another call wrote what it had read before. */
export const lostUpdate: Detector<'race' | 'target'> = raceDetector({
  id: ID,
  severity: () => 'high',
  does: (fault) => `lose an update: ${lossOf(fault)}`,
  fix: (fault) => {
    const { stale, at, violation } = fault;
    const read = stale === null ? undefined : violation.steps[stale.read];
    const line = read?.site == null ? '' : ` (line ${read.site.line})`;
    switch (mediumOf(at, fault)) {
      case 'file':
        return at?.kind.endsWith('rename') === true && stale === null
          ? 'A rename replaces what is there. Take the new name first, with `open(path, "wx")` or `link(old, new)`, which fail when it exists, instead of looking whether it does; within one process, `exclusive(path, fn)` of @mettle/runtime around both.'
          : `Let nobody in between the read${line} and the write: run both inside \`exclusive(key, fn)\` of @mettle/runtime, keyed by the file. Where several processes share the file, take a lock file with the flag \`wx\` as well, or keep the data in a database and change it in a transaction.`;
      case 'service':
        return 'Change it where it lies, in one step: a transaction, `UPDATE … SET n = n + 1`, or a write that is refused when the version read is no longer the current one; within one process `exclusive(key, fn)` of @mettle/runtime around read and write.';
      case 'memory':
        return 'Between the read and the write the call waits, and others go on. Read again after the wait, change what is there in one go without an `await` in between, or run both inside `exclusive(key, fn)` of @mettle/runtime, keyed by what they change.';
    }
  },
});

function lossOf({ difference, violation, stale }: RaceFault): string {
  if (violation.invariant !== null) return violation.invariant;
  const { missing, extra } = difference;
  const [lost] = missing;
  const answered = violation.outcome.answers.every(({ status }) => status === 'success')
    ? ', though all answer success'
    : '';
  const [instead] = extra;
  if (
    missing.length === 1 &&
    extra.length === 1 &&
    lost !== undefined &&
    instead !== undefined &&
    isOneValue(lost, instead)
  )
    return `${pieceInWords(instead)} is left where every order leaves ${quotation(lost.text)}${answered}`;
  if (lost !== undefined) {
    const more = new Set(missing.map(({ text }) => text)).size - 1;
    return `${pieceInWords(lost)}${more === 0 ? ' is' : ` and ${more} more are`} gone${answered}`;
  }
  if (instead !== undefined) return `${pieceInWords(instead)} is there still or again${answered}`;
  const resource = stale === null ? null : violation.steps[stale.write]?.resource;
  return resource == null
    ? `what is left behind is what no order leaves${answered}`
    : `${resource} holds what no order leaves${answered}`;
}

/** One number, now and as it should be: `7` and `4`, `balance: 7` and `balance: 4`. */
function isOneValue(a: StatePiece, b: StatePiece): boolean {
  const nameOf = ({ text }: StatePiece): string | null =>
    NUMBER.test(text) ? text.replace(NUMBER, '') : null;
  return a.file === b.file && nameOf(a) !== null && nameOf(a) === nameOf(b);
}

const NUMBER = /-?\d+(?:\.\d+)?$/;
