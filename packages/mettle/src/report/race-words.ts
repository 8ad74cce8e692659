import { matrixOf, type MatrixCell } from '../derive/race/index.ts';
import type { InterleavingExhibit, RaceEvidence } from '../evidence/index.ts';
import { plural } from './figures.ts';
import { formatFile } from '../derive/frames.ts';

/** One letter per cell of the matrix, and what it says. */
export const CELLS: Readonly<Record<MatrixCell, { readonly mark: string; readonly says: string }>> = {
  crash: { mark: 'C', says: 'the server dies' },
  hang: { mark: 'H', says: 'calls never answer' },
  state: { mark: 'S', says: 'a state that no order leaves' },
  invariant: { mark: 'I', says: 'an invariant broken' },
  error: { mark: 'E', says: 'an error that no order gives' },
  results: { mark: 'r', says: 'an answer that no order gives' },
  clear: { mark: '·', says: 'every schedule tried is one that an order explains' },
  undecided: { mark: '?', says: 'not decided' },
  untried: { mark: ' ', says: 'not tried' },
};

/** The marks that are used, as a legend. */
export function legendOf(evidence: RaceEvidence): string {
  const used = new Set(matrixOf(evidence).rows.flat());
  return Object.entries(CELLS)
    .filter(([cell]) => used.has(cell as MatrixCell) && cell !== 'untried')
    .map(([, { mark, says }]) => `${mark} ${says}`)
    .join(', ');
}

/** "20 of 45 pairs of tools have schedules that no order explains." */
export function racySentence(evidence: RaceEvidence): string {
  const { bad, judged } = matrixOf(evidence);
  if (judged === 0) return 'No pair could be judged.';
  return bad === 0
    ? `Of ${plural(judged, 'pair')} judged, none has a schedule that no order explains.`
    : `${bad} of ${plural(judged, 'pair')} ${bad === 1 ? 'has' : 'have'} schedules that no order of the same calls explains.`;
}

/** Why pairs were not decided, each reason once with how many pairs it holds of. */
export function undecidedReasons({ pairs }: RaceEvidence): readonly string[] {
  const counts = new Map<string, number>();
  for (const { undecided } of pairs)
    if (undecided !== null) counts.set(undecided, (counts.get(undecided) ?? 0) + 1);
  return [...counts].map(([why, count]) => `${plural(count, 'pair')}: ${why}`);
}

/** A place in a timeline: `:53` where all steps stand in one file, else `store.js:53`. */
export function placeInLane(
  exhibit: InterleavingExhibit,
  place: NonNullable<InterleavingExhibit['steps'][number]['place']>,
): string {
  const files = new Set(exhibit.steps.flatMap((step) => step.place?.file ?? []));
  const name = formatFile(place.file, '').split(/[/\\]/).at(-1) ?? place.file;
  return files.size > 1 ? `${name}:${place.line}` : `:${place.line}`;
}
