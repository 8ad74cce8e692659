import type { HeapGrowth, HeapGrowthEvidence, HeapSubject } from '../../evidence/index.ts';
import { added, callsInLives } from '../heap/growth/lives.ts';

/**
 * Calls of each round that left the growth's elements behind. A tool that leaks whatever becomes of a call does so in
 * all manners of its calls: those are taken together whose number is in proportion to the elements.
 */
export function callsBehind(
  { subjects, rounds }: Pick<HeapGrowthEvidence, 'subjects' | 'rounds'>,
  growth: HeapGrowth,
  subject: HeapSubject | null,
): readonly number[] {
  const named = subjects.flatMap((each, index) => (each.name === subject?.name ? [index] : []));
  // Everybody's calls, under no name of the list.
  const members = named.length > 0 || subject === null ? named : [...subjects.keys()];
  const callsOf = (chosen: readonly number[]): readonly number[] =>
    rounds.map((round) => chosen.reduce((sum, index) => sum + (round.calls[index] ?? 0), 0));
  const plain = callsOf(members.filter((index) => subjects[index]?.manner === subject?.manner));
  const choices = members.length > MOST_MANNERS ? [members] : subsets(members);
  const missing = (calls: readonly number[]): number =>
    rounds.reduce(
      (sum, { kind }, r) =>
        kind === 'fresh'
          ? sum + Math.abs((growth.counts[r] ?? 0) - growth.objectsPerCall * (calls[r] ?? 0))
          : sum,
      0,
    );
  const withLives = choices.flatMap((chosen) => {
    const calls = callsOf(chosen);
    const of = chosen.flatMap((index) => subjects[index] ?? []);
    const inLives = (['all', 'not ended'] as const).flatMap((which) => {
      const more = callsInLives(of, which, { rounds, subjects });
      return more === null ? [] : [added(calls, more)];
    });
    return [calls, ...inLives];
  });
  return withLives.reduce((best, calls) => (missing(calls) < missing(best) ? calls : best), plain);
}

/** Manners of one tool's calls, or of sessions: six at most. */
const MOST_MANNERS = 6;

function subsets(members: readonly number[]): readonly (readonly number[])[] {
  return Array.from({ length: 2 ** members.length - 1 }, (_, i) =>
    members.filter((_member, bit) => ((i + 1) & (1 << bit)) !== 0),
  );
}
