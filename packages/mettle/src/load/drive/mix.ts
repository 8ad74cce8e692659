import type { Subject } from '../../evidence/index.ts';
import { seededRandom, shuffled } from '../../stats/index.ts';
import { nextCall } from '../call-numbers.ts';
import type { CallSource } from '../load.ts';
import { mixShares } from '../profiles/mixed.ts';

/** What is called, how often, in which order. */
export interface Mix {
  readonly subjects: readonly Subject[];
  /** By subject, adding up to 1. */
  readonly shares: readonly number[];
  /** Index of the next call's subject. */
  draw(): number;
  /** The next call of that subject. */
  next(subject: number): { readonly method: string; readonly params: Readonly<Record<string, unknown>> };
}

/** Cards of one shuffled deck, so that shares are exact over every deck: fine enough for a share of 1/50 to be eight. */
const DECK = 400;

/**
 * Draws calls in random order, by the user's weights where there are any other than 1. `typicalMs` gives subjects
 * without weights about equal time; without it they come equally often.
 */
export function createMix(
  sources: readonly CallSource[],
  options: { readonly seed: number; readonly typicalMs?: ReadonlyMap<string, number> },
): Mix {
  const shares = mixShares(sources, options.typicalMs ?? new Map());
  const cards = shares.flatMap((share, i) =>
    Array.from({ length: Math.max(1, Math.round(share * DECK)) }, () => i),
  );
  const random = seededRandom(options.seed);
  let deck: number[] = [];
  let at = 0;
  return {
    subjects: sources.map((source) => source.subject),
    shares,
    draw() {
      if (at >= deck.length) {
        deck = sources.length === 1 ? cards : shuffled(cards, random);
        at = 0;
      }
      return deck[at++] as number;
    },
    next: (subject) => nextCall(sources[subject] as CallSource),
  };
}
