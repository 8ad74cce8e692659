import type { HeapRound, HeapSubject } from '../../../evidence/index.ts';

/** Lives of sessions that may have left behind what a call in them makes. */
export type WhichLives =
  /** What calls leave behind wherever they are made. */
  | 'all'
  /** What goes with its session when that is ended. */
  | 'not ended';

/** In each round, how many calls of these subjects were made within the lives of sessions; null when there are none. */
export function callsInLives(
  of: readonly Pick<HeapSubject, 'name' | 'manner'>[],
  which: WhichLives,
  { rounds, subjects }: { readonly rounds: readonly HeapRound[]; readonly subjects: readonly HeapSubject[] },
): readonly number[] | null {
  const perLife = subjects.map(({ makes = [], manner }) =>
    which === 'not ended' && manner === 'ended'
      ? 0
      : makes.filter((call) => of.some(({ name, manner: how }) => name === call.name && how === call.manner))
          .length,
  );
  if (perLife.every((calls) => calls === 0)) return null;
  return rounds.map(({ calls }) => perLife.reduce((sum, made, i) => sum + made * (calls[i] ?? 0), 0));
}

export function added(a: readonly number[], b: readonly number[]): readonly number[] {
  return a.map((count, i) => count + (b[i] ?? 0));
}
