import { isNullable, parsePattern, type Part, type Sequence } from './regex-parts.ts';

/**
 * What a pattern can cost when it does not match: `exponential` when a repeated group can split the same text in
 * several ways (each further character doubles the time), `polynomial` when two repetitions can share the same text,
 * `linear` when neither is seen, `unknown` when the pattern could not be read.
 */
export type RegexShape = 'exponential' | 'polynomial' | 'linear' | 'unknown';

/** The shape of a pattern's source, by the repetitions in it. It errs towards the graver for what it cannot tell apart. */
export function regexShape(source: string): RegexShape {
  const alternatives = parsePattern(source);
  if (alternatives === null) return 'unknown';
  if (alternatives.some((sequence) => isAmbiguous(sequence))) return 'exponential';
  return alternatives.some((sequence) => sharesText(sequence, true)) ? 'polynomial' : 'linear';
}

/** Repetition counts as unbounded from here on: `{1,20}` of a group that repeats inside is slow enough. */
const MANY = 10;

function isMany(part: Part): boolean {
  return part.max > MANY;
}

/** Whether some repeated group within can read the same text in several ways. */
function isAmbiguous(sequence: Sequence): boolean {
  return sequence.some((part) => {
    if (part.body === null) return false;
    if (part.body.some((inner) => isAmbiguous(inner))) return true;
    if (!isMany(part)) return false;
    return part.body.some((inner) => repeatsWithin(inner)) || alternativesOverlap(part.body);
  });
}

/** Whether the part is a repetition, or nothing but a group around one. */
function repeats(part: Part): boolean {
  return isMany(part) || part.body?.some((inner) => repeatsWithin(inner)) === true;
}

/** `(\w+\s?)*`: a repetition inside a repetition, with nothing between that must come and is something else. */
function repeatsWithin(sequence: Sequence): boolean {
  return sequence.some(
    (part, i) =>
      repeats(part) &&
      sequence.every(
        (other, k) => k === i || isNullable(other) || overlap(other.characters, part.characters),
      ),
  );
}

/** `(\w|\d)*`: the same character can be read by either. */
function alternativesOverlap(body: readonly Sequence[]): boolean {
  const single = body.flatMap((sequence) =>
    sequence.length === 1 && sequence[0] !== undefined ? [sequence[0]] : [],
  );
  return single.some((part, i) =>
    single.slice(i + 1).some((other) => overlap(part.characters, other.characters)),
  );
}

/** `.*,.*;` and, where the pattern may begin anywhere, `\s+$`: where one repetition ends and the next begins is open. */
function sharesText(sequence: Sequence, mayBeginAnywhere: boolean): boolean {
  if (sequence.some((part) => part.body?.some((inner) => sharesText(inner, false)) === true)) return true;
  return sequence.some((part, i) => {
    if (!repeats(part)) return false;
    const rest = sequence.slice(i + 1);
    // At the end of the pattern nothing can fail after it.
    if (
      mayBeginAnywhere &&
      rest.length > 0 &&
      sequence.slice(0, i).every((other) => isNullable(other) && other.anchor === null)
    )
      return true;
    for (const other of rest) {
      const shared = overlap(other.first, part.characters);
      if (shared && repeats(other)) return true;
      if (!shared && !isNullable(other)) return false;
    }
    return false;
  });
}

function overlap(a: readonly boolean[], b: readonly boolean[]): boolean {
  return a.some((has, code) => has && b[code] === true);
}
