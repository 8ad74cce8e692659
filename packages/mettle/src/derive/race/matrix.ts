import type { RaceClass, RaceEvidence, RacePair } from '../../evidence/index.ts';

/** What is known of two subjects: the gravest class seen, nothing bad seen, not decided, not tried. */
export type MatrixCell = RaceClass | 'clear' | 'undecided' | 'untried';

export interface RaceMatrix {
  readonly subjects: readonly string[];
  /** Symmetric: a row per subject, a cell per subject. */
  readonly rows: readonly (readonly MatrixCell[])[];
  /** Pairs in which something bad was seen, and all that were judged. */
  readonly bad: number;
  readonly judged: number;
}

const GRAVITY: readonly MatrixCell[] = [
  'crash',
  'hang',
  'state',
  'invariant',
  'error',
  'results',
  'clear',
  'undecided',
  'untried',
];

/** Tool × tool, of all pairs, on however many connections. */
export function matrixOf({ pairs }: Pick<RaceEvidence, 'pairs'>): RaceMatrix {
  const two = pairs.filter(({ subjects }) => subjects.length === 2);
  const subjects = [...new Set(two.flatMap((pair) => pair.subjects))];
  const cells = new Map<string, MatrixCell>();
  for (const pair of two) {
    const key = keyOf(pair.subjects[0] as string, pair.subjects[1] as string);
    cells.set(key, graver(cells.get(key) ?? 'untried', cellOf(pair)));
  }
  const judged = [...cells.values()].filter((cell) => cell !== 'untried' && cell !== 'undecided');
  return {
    subjects,
    rows: subjects.map((row) => subjects.map((column) => cells.get(keyOf(row, column)) ?? 'untried')),
    bad: judged.filter((cell) => cell !== 'clear').length,
    judged: judged.length,
  };
}

function keyOf(a: string, b: string): string {
  return JSON.stringify([a, b].toSorted());
}

function cellOf({ worst, undecided, completeBound }: RacePair): MatrixCell {
  if (worst !== null) return worst;
  // A search that was cut short found nothing yet, which is not the same as nothing.
  return undecided !== null || completeBound === null ? 'undecided' : 'clear';
}

function graver(a: MatrixCell, b: MatrixCell): MatrixCell {
  return GRAVITY.indexOf(a) <= GRAVITY.indexOf(b) ? a : b;
}
