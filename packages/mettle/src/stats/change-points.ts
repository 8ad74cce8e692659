import { median } from './order.ts';
import { seededRandom, shuffled } from './random.ts';

/** Where a series changes its level. */
export interface ChangePoint {
  /** Of the first value of the new level. */
  readonly index: number;
  /** Medians of the stretch before and after, up to the neighbouring change points. */
  readonly before: number;
  readonly after: number;
  /** How often chance alone would show so clear a change. */
  readonly p: number;
}

export interface ChangePointOptions {
  /** Chance at which a change is believed; small, since a history is looked at after every run. */
  readonly significance?: number;
  /** Values that a level needs on each side. */
  readonly shortest?: number;
  readonly seed?: number;
}

const PERMUTATIONS = 999;

/**
 * The points at which a series changes (E-divisive, Matteson & James 2014, the method of Hunter): the split whose
 * sides differ most in energy distance, kept when shuffled series seldom show one so clear, then again within each
 * side. Assumes nothing about the noise but that it has no memory. Repeatable for a seed.
 */
export function changePoints(
  values: readonly number[],
  { significance = 0.005, shortest = 4, seed = 1 }: ChangePointOptions = {},
): readonly ChangePoint[] {
  const random = seededRandom(seed);
  const found: { index: number; p: number }[] = [];
  const search = (from: number, to: number): void => {
    const part = values.slice(from, to);
    const best = bestSplit(part, shortest);
    if (best === null) return;
    const p = chanceOf(part, best.energy, shortest, random);
    if (p > significance) return;
    const index = from + best.at;
    found.push({ index, p });
    search(from, index);
    search(index, to);
  };
  search(0, values.length);
  const ordered = found.toSorted((a, b) => a.index - b.index);
  return ordered.map(({ index, p }, i) => ({
    index,
    before: median(values.slice(ordered[i - 1]?.index ?? 0, index)),
    after: median(values.slice(index, ordered[i + 1]?.index ?? values.length)),
    p,
  }));
}

/** Stops once the chance is too large to matter: most stretches hold no change. */
function chanceOf(values: readonly number[], energy: number, shortest: number, random: () => number): number {
  let asClear = 0;
  for (let i = 1; i <= PERMUTATIONS; i++) {
    if ((bestSplit(shuffled(values, random), shortest)?.energy ?? 0) >= energy - 1e-12) asClear++;
    if (asClear > PERMUTATIONS / 50) return (asClear + 1) / (i + 1);
  }
  return (asClear + 1) / (PERMUTATIONS + 1);
}

/** The split with the greatest energy distance between its sides. Moves one value at a time from right to left. */
function bestSplit(
  values: readonly number[],
  shortest: number,
): { readonly at: number; readonly energy: number } | null {
  const n = values.length;
  if (n < 2 * shortest) return null;
  let withinLeft = 0;
  let between = 0;
  let withinRight = 0;
  for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) withinRight += distance(values, i, j);
  let best: { at: number; energy: number } | null = null;
  for (let at = 1; at <= n - shortest; at++) {
    const moved = at - 1;
    let toLeft = 0;
    let toRight = 0;
    for (let i = 0; i < moved; i++) toLeft += distance(values, i, moved);
    for (let j = at; j < n; j++) toRight += distance(values, moved, j);
    withinLeft += toLeft;
    withinRight -= toRight;
    between += toRight - toLeft;
    if (at < shortest) continue;
    const [left, right] = [at, n - at];
    const energy =
      ((left * right) / n) *
      ((2 * between) / (left * right) -
        (2 * withinLeft) / (left * Math.max(1, left - 1)) -
        (2 * withinRight) / (right * Math.max(1, right - 1)));
    if (best === null || energy > best.energy) best = { at, energy };
  }
  return best !== null && best.energy > 0 ? best : null;
}

function distance(values: readonly number[], i: number, j: number): number {
  return Math.abs((values[i] as number) - (values[j] as number));
}
