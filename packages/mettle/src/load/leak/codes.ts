import { seededRandom } from '../../stats/index.ts';

/** Multiples up to this are taken for an owner that gets several elements per call. */
const SMALL_MULTIPLES = 6;
/** In the search for codes; more subjects than there are codes of the first range get larger ones. */
const TRIES = 400;
/** The most calls of one round must be so many times the fewest, or all rounds would look alike. */
const UNLIKE = 1.4;

/**
 * For each subject a number of calls in each round, such that no two subjects' numbers are in proportion, nor a small
 * multiple of one near a small multiple of another's. What grows tells by its counts whose calls made it grow.
 */
export function codes(options: {
  readonly subjects: number;
  readonly rounds: number;
  readonly seed: number;
  /** The fewest calls in a round: of those that take long, fewer. */
  readonly fewest: (subject: number) => number;
}): readonly (readonly number[])[] {
  const random = seededRandom(options.seed);
  const chosen: (readonly number[])[] = [];
  for (let subject = 0; subject < options.subjects; subject++) {
    const fewest = options.fewest(subject);
    let span = fewest * 2.5;
    let code: readonly number[] = [];
    for (let attempt = 0; ; attempt++) {
      if (attempt % TRIES === TRIES - 1) span *= 1.5;
      code = Array.from({ length: options.rounds }, () => fewest + Math.floor(random() * span));
      if (isUnlike(code) && chosen.every((other) => !inProportion(code, other))) break;
    }
    chosen.push(code);
  }
  return chosen;
}

function isUnlike(code: readonly number[]): boolean {
  return Math.max(...code) / Math.min(...code) >= UNLIKE;
}

function inProportion(a: readonly number[], b: readonly number[]): boolean {
  for (let k = 1; k <= SMALL_MULTIPLES; k++)
    for (let m = 1; m <= SMALL_MULTIPLES; m++)
      if (a.every((count, r) => Math.abs(k * count - m * (b[r] as number)) <= 1)) return true;
  return false;
}
