import { createHash } from 'node:crypto';
import type { RaceStep, ScheduleSpec } from '../../evidence/index.ts';
import { laneOf } from '../trial-runner.ts';
import type { Deviation } from '../search/bounded.ts';

/*
 * A schedule in as few words as it has decisions: `A,B:A#2>B` says that A goes first, is interrupted after its second
 * step, and B goes on; everything else follows by itself. So a token survives being written down, and changes of the
 * code that do not touch what it says.
 */

/** One deviation of a token: `after` null is the very beginning; `take` is a lane or a step's id. */
export interface TokenDeviation {
  readonly after: string | null;
  readonly take: string;
}

export interface Token {
  readonly lanes: readonly string[];
  /** How the schedule comes about: by deviations, or all of it by a strategy. */
  readonly schedule: { readonly deviations: readonly TokenDeviation[] } | { readonly spec: ScheduleSpec };
}

/** The token of a schedule that the bounded search found. */
export function tokenOfDeviations(
  lanes: number,
  deviations: readonly Deviation[],
  steps: readonly RaceStep[],
): string {
  const names = Array.from({ length: lanes }, (_, index) => laneOf(index));
  const begun = [...new Set(steps.map(({ lane }) => lane))].filter((lane) => names.includes(lane));
  const order = [...begun, ...names.filter((lane) => !begun.includes(lane))];
  // Who goes first is said by the order.
  const rest = deviations.filter(({ after, take }) => after !== null || take !== `${order[0]}#1`);
  return `${order.join(',')}:${rest.map(({ after, take }) => `${after ?? ''}>${abbreviated(take)}`).join(',')}`;
}

/** The token of a schedule that a strategy chose. */
export function tokenOfSpec(lanes: number, spec: ScheduleSpec): string {
  const names = Array.from({ length: lanes }, (_, index) => laneOf(index)).join(',');
  switch (spec.strategy) {
    case 'random':
    case 'pos':
      return `${names}:${spec.strategy}@${spec.seed}`;
    case 'pct':
      return `${names}:pct@${spec.seed}/${spec.depth}/${spec.length}`;
    case 'breadth':
      return `${names}:breadth`;
    case 'sequential':
      return `${spec.order.join(',')}:sequential`;
    case 'delay':
      return `${names}:delay@${spec.seed}/${spec.longestMs}`;
    case 'prefix':
    case 'free':
      return `${names}:`;
  }
}

/** Reads a token; null when it is none. */
export function parseToken(text: string): Token | null {
  const parts = /^([A-Z]+(?:,[A-Z]+)*):(.*)$/.exec(text.trim());
  if (parts === null) return null;
  const lanes = (parts[1] ?? '').split(',');
  const known = new Set(lanes.map((_, index) => laneOf(index)));
  if (new Set(lanes).size !== lanes.length || !lanes.every((lane) => known.has(lane))) return null;
  const spec = specOf(parts[2] ?? '', lanes);
  if (spec !== null) return { lanes, schedule: { spec } };
  const deviations: TokenDeviation[] = [];
  for (const part of (parts[2] ?? '') === '' ? [] : (parts[2] ?? '').split(',')) {
    const found = /^((?:[A-Za-z]+#\d+)?)>([A-Za-z]+(?:#\d+)?)$/.exec(part);
    if (found === null) return null;
    deviations.push({ after: found[1] === '' ? null : (found[1] ?? null), take: found[2] ?? '' });
  }
  return { lanes, schedule: { deviations } };
}

function specOf(text: string, lanes: readonly string[]): ScheduleSpec | null {
  if (text === 'breadth') return { strategy: 'breadth' };
  if (text === 'sequential') return { strategy: 'sequential', order: lanes };
  const parts = /^(random|pos|pct|delay)@(\d+)(?:\/(\d+))?(?:\/(\d+))?$/.exec(text);
  if (parts === null) return null;
  const [seed, first, second] = [Number(parts[2]), Number(parts[3] ?? 0), Number(parts[4] ?? 0)];
  const strategy = parts[1] ?? '';
  if (strategy === 'random' || strategy === 'pos') return { strategy, seed };
  return strategy === 'pct'
    ? { strategy, seed, depth: first, length: second }
    : { strategy: 'delay', seed, longestMs: first };
}

/** A lane's very first step is named by the lane: `A#2>B`. Others keep their number, which says where in the lane. */
function abbreviated(take: string): string {
  return take.endsWith('#1') ? take.slice(0, -2) : take;
}

/** The same for two trials that took the same kinds of steps on the same things in the same order. */
export function traceHash(steps: readonly RaceStep[]): string {
  const text = steps
    .map(({ lane, kind, phase, resource }) => [lane, kind, phase, resource].join('|'))
    .join('\n');
  return createHash('sha256').update(text).digest('hex').slice(0, 12);
}
