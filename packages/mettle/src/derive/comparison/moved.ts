import type { ComparisonEvidence, ProfiledSide } from '../../evidence/index.ts';
import { buildCallTree } from '../call-tree.ts';
import { homeOf, type Home } from '../frames.ts';
import { memoised } from '../memo.ts';
import { functionTimes } from '../profile-bottom-up.ts';
import type { ProfileFrame } from '../profile-frames.ts';

/** A function, or all code of one owner, whose time on the main thread per call changed. */
export interface Moved {
  readonly name: string;
  /** Where it stands in the candidate, else in the baseline; null for an owner. */
  readonly frame: ProfileFrame | null;
  /** The server's own function from which it is mostly called in the candidate, where it is not the server's itself. */
  readonly from: ProfileFrame | null;
  readonly beforeUs: number;
  readonly afterUs: number;
}

/** What changed between the profiles of two versions, the greatest growth first. Microseconds per call. */
export interface MovedTime {
  readonly beforeUs: number;
  readonly afterUs: number;
  /** By their own time, without what they called. */
  readonly functions: readonly Moved[];
  /** Dependencies by package, the application, Node's own code, and V8, whose part is garbage collection. */
  readonly owners: readonly Moved[];
  /** Per call; the cost of allocation, as far as a profile shows it. */
  readonly collector: { readonly beforeUs: number; readonly afterUs: number };
}

/** The chance samples of a sampling profiler scatter like counts; three deviations are no chance. */
const DEVIATIONS = 3;
/** Of the whole growth, what a part must make up to be named. */
const LEAST_SHARE = 0.05;
const MOST_NAMED = 8;
const COLLECTOR = '(garbage collector)';

/** Compares the profiles; null when they were not taken, or one of them holds no call. */
export const movedTime: (comparison: ComparisonEvidence) => MovedTime | null = memoised(({ profiles }) => {
  if (profiles === null) return null;
  const [before, after] = [profileOf(profiles.baseline), profileOf(profiles.candidate)];
  if (before === null || after === null) return null;
  const growth = Math.abs(after.totalUs - before.totalUs);
  const gc = (side: Side): number => side.functions.get(COLLECTOR)?.us ?? 0;
  return {
    beforeUs: before.totalUs,
    afterUs: after.totalUs,
    functions: movedParts(before, after, 'functions', growth),
    owners: movedParts(before, after, 'owners', growth),
    collector: { beforeUs: gc(before), afterUs: gc(after) },
  };
});

interface Part {
  readonly name: string;
  us: number;
  readonly frame: ProfileFrame | null;
  readonly from: ProfileFrame | null;
}
interface Side {
  readonly totalUs: number;
  /** Time that one sample stands for, per call: the grain of every figure. */
  readonly grainUs: number;
  readonly functions: ReadonlyMap<string, Part>;
  readonly owners: ReadonlyMap<string, Part>;
}

function profileOf({ cpuProfile, calls, cwd, command }: ProfiledSide): Side | null {
  const count = Object.values(calls).reduce((sum, value) => sum + value, 0);
  if (count === 0 || cpuProfile.profile.samples.length === 0) return null;
  const home: Home = homeOf({ cwd, command });
  const tree = buildCallTree(cpuProfile, { home });
  const functions = new Map<string, Part>();
  const owners = new Map<string, Part>();
  let totalUs = 0;
  for (const { frame, selfUs, from } of functionTimes(tree)) {
    const us = selfUs / count;
    totalUs += us;
    // By name and file, not by line: lines above it may have come or gone.
    const key = frame.kind === 'engine' ? frame.name : `${frame.owner}\n${frame.file}\n${frame.name}`;
    add(functions, key, { name: frame.name, us, frame, from: frame.kind === 'application' ? null : from });
    add(owners, frame.owner, { name: frame.owner, us, frame: null, from: null });
  }
  const { samples } = cpuProfile.profile;
  return { totalUs, grainUs: totalUs / samples.length, functions, owners };
}

function add(parts: Map<string, Part>, key: string, part: Part): void {
  const known = parts.get(key);
  if (known === undefined) parts.set(key, part);
  else known.us += part.us;
}

function movedParts(
  before: Side,
  after: Side,
  kind: 'functions' | 'owners',
  growthUs: number,
): readonly Moved[] {
  const keys = new Set([...before[kind].keys(), ...after[kind].keys()]);
  return [...keys]
    .flatMap((key): Moved[] => {
      const [old, now] = [before[kind].get(key), after[kind].get(key)];
      const [beforeUs, afterUs] = [old?.us ?? 0, now?.us ?? 0];
      const changeUs = Math.abs(afterUs - beforeUs);
      // k samples of g µs each scatter by √k · g.
      const chanceUs = DEVIATIONS * Math.sqrt(beforeUs * before.grainUs + afterUs * after.grainUs);
      if (changeUs <= chanceUs || changeUs < LEAST_SHARE * growthUs) return [];
      const { name = '', frame = null } = now ?? old ?? {};
      return [{ name, frame, from: now?.from ?? old?.from ?? null, beforeUs, afterUs }];
    })
    .toSorted((a, b) => b.afterUs - b.beforeUs - (a.afterUs - a.beforeUs))
    .slice(0, MOST_NAMED);
}
