import type { Frame, MemoryWatchEvidence, SurvivingSite } from '../../evidence/index.ts';
import { applicationFrame } from '../frames.ts';
import type { Home } from '../frames.ts';

/** What one function of the server's allocated and what of it stays. */
export interface GrowingSite {
  /** The whole stack of what it kept most of. */
  readonly stack: readonly Frame[];
  readonly at: Frame;
  readonly bytes: number;
  readonly bytesPerSecond: number;
  readonly samples: number;
  /** See `SurvivingSite`. */
  readonly births: readonly number[];
  /** Allocated all through the watch and still alive: not what is made once, nor what is soon let go. */
  readonly grows: boolean;
}

/** With fewer, births are spread by chance. */
export const LEAST_SAMPLES = 12;
/** Of what is allocated evenly, each half of the watch has a half: a quarter is missed in one case of twenty at the fewest samples. */
const SHARE_OF_A_HALF = 1 / 4;
const SHARE_OF_A_QUARTER = 1 / 12;

/** Surviving allocations by the innermost function of the server's own, most bytes first. */
export function growingSites(
  { sampling, observedMs }: MemoryWatchEvidence,
  home: Home,
): readonly GrowingSite[] {
  if (sampling === null) return [];
  const groups = new Map<string, { at: Frame; sites: SurvivingSite[] }>();
  for (const site of sampling.sites) {
    const at = applicationFrame(site.stack, home);
    if (at === undefined) continue;
    const key = `${at.file}:${at.line}:${at.column}`;
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { at, sites: [site] });
    else group.sites.push(site);
  }
  const seconds = Math.max(1, observedMs - sampling.fromMs) / 1000;
  return [...groups.values()]
    .map(({ at, sites }): GrowingSite => {
      const bytes = sum(sites.map((site) => site.bytes));
      const births = (sites[0] as SurvivingSite).births.map((_, part) =>
        sum(sites.map((site) => site.births[part] ?? 0)),
      );
      return {
        stack: (sites[0] as SurvivingSite).stack,
        at,
        bytes,
        bytesPerSecond: bytes / seconds,
        samples: sum(births),
        births,
        grows: isEven(births),
      };
    })
    .toSorted((a, b) => b.bytes - a.bytes);
}

/** Born in both halves, and neither all but gone in the oldest quarter nor ended in the newest. */
function isEven(births: readonly number[]): boolean {
  const all = sum(births);
  if (all < LEAST_SAMPLES) return false;
  const half = births.length / 2;
  const quarter = births.length / 4;
  const halves = [births.slice(0, half), births.slice(half)];
  const ends = [births.slice(0, quarter), births.slice(-quarter)];
  return (
    halves.every((part) => sum(part) >= all * SHARE_OF_A_HALF) &&
    ends.every((part) => sum(part) >= Math.max(1, all * SHARE_OF_A_QUARTER))
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
