import { laneOfIndex, partsOf, saidBy, type RaceFault, type StatePiece } from '../derive/race/index.ts';
import type { RaceCall, RaceEvidence, RaceStep, TranscriptExhibit } from '../evidence/index.ts';
import { plural, quoted } from './figures.ts';

/** What a title or a line of an exhibit may quote of an answer or a file. */
const QUOTED_CHARACTERS = 60;
const PART_CHARACTERS = 160;

/** "Two calls of `register`", "`add` and `delete`": who races, at the beginning of a sentence. */
export function whoRaces({ violation: { subjects, calls } }: RaceFault, { processes }: RaceEvidence): string {
  const apart = new Set(calls.map(({ connection }) => connection)).size > 1;
  const where = !apart
    ? 'at once'
    : processes > 1
      ? `in ${processes} processes at once`
      : 'of two sessions at once';
  const names = [...new Set(subjects)];
  const [only] = names;
  if (names.length === 1 && only !== undefined)
    return `${subjects.length === 2 ? 'Two' : subjects.length} calls of ${quoted(only)} ${where}`;
  return `Calls of ${names.slice(0, -1).map(quoted).join(', ')} and ${quoted(names.at(-1) ?? '')} ${where}`;
}

/** A text as it is quoted in a sentence, on one line. */
export function quotation(text: string): string {
  return `"${shortened(text.trim(), QUOTED_CHARACTERS)}"`;
}

/** A piece of the state as it is quoted in a sentence. */
export function pieceInWords({ text, file }: StatePiece): string {
  if (text === 'the file') return file ?? text;
  const piece = text.startsWith('"') ? shortened(text, QUOTED_CHARACTERS) : quotation(text);
  return file === null ? piece : `${piece} in ${file}`;
}

function shortened(text: string, characters: number): string {
  const line = text.replaceAll(/\s*\n\s*/g, ' ⏎ ');
  return line.length > characters ? `${line.slice(0, characters - 1)}…` : line;
}

/** What was observed, and what each order of the same calls gives: only the parts that tell them apart. */
export function outcomesExhibit({ violation }: RaceFault): TranscriptExhibit {
  const { outcome, allowed, subjects } = violation;
  const names = {
    lanes: subjects.map((_, i) => `${laneOfIndex(i)} answers`),
    observers: outcome.observed.map((_, i) => (outcome.observed.length === 1 ? 'state' : `state ${i + 1}`)),
  };
  const everything = [outcome, ...allowed];
  const line = (label: string, of: typeof outcome): string =>
    `${label.padEnd(8)}  ${partsOf(of, everything, names)
      .map(({ name, text }) => `${name} ${shortened(text === '' ? '(empty)' : text, PART_CHARACTERS)}`)
      .join('   ')}`;
  return {
    kind: 'transcript',
    title: 'Observed, and what the orders of the same calls give',
    lines: [
      ...(violation.invariant === null ? [] : [`invariant ${violation.invariant}`]),
      line('observed', outcome),
      ...allowed.map((order) => line(order.order ?? 'allowed', order)),
    ],
  };
}

/** The racing calls with their arguments, and how many calls were made before them. */
export function callsExhibit({ violation: { calls, subjects, setup } }: RaceFault): TranscriptExhibit {
  const said = ({ tool, method, arguments: given, params }: RaceCall): string =>
    `${tool ?? method ?? ''} ${shortened(JSON.stringify(given ?? params ?? {}), PART_CHARACTERS)}`;
  return {
    kind: 'transcript',
    title: 'The calls',
    lines: [
      ...(setup.length === 0
        ? []
        : [
            `before   ${plural(setup.length, 'call')}${setup.length === 1 ? ':' : ', the last'} ${said(setup.at(-1) as RaceCall)}`,
          ]),
      ...calls.map(
        (call, i) => `${laneOfIndex(i)}        ${said({ ...call, tool: call.tool ?? subjects[i] ?? '' })}`,
      ),
    ],
  };
}

/** Where the step at fault acts: what the remedy depends on. */
export type Medium = 'file' | 'service' | 'memory';

/** Files and services are known by what is written, or asked; what is changed while files are only read lies in memory. */
export function mediumOf(step: RaceStep | null, { violation }: RaceFault): Medium {
  const kinds = violation.steps.filter(({ writes }) => writes).map(({ kind }) => kind);
  const kind = step?.writes === true ? step.kind : (kinds.at(-1) ?? step?.kind ?? '');
  if (kind.startsWith('fs.')) return kinds.length > 0 ? 'file' : 'memory';
  return /^(?:socket|http|net|tls|fetch)/.test(kind) ? 'service' : 'memory';
}

/** What the lane answered that no order answers. */
export function strangeAnswer({ violation: { outcome, allowed } }: RaceFault): string | null {
  for (const [lane, answer] of outcome.answers.entries()) {
    const said = saidBy(answer);
    if (!allowed.some(({ answers }) => answers[lane] !== undefined && saidBy(answers[lane]) === said))
      return said;
  }
  return null;
}
