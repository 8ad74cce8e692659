import type { Frame, RaceEvidence, RaceScaling } from '../../evidence/index.ts';

type Row = RaceScaling['rows'][number];

/** One subject with more and more calls at once; rows with few calls first. */
export interface Crowd {
  readonly subject: string;
  /** A lone call. */
  readonly alone: Row;
  /** Ten calls, or as many more as the least crowd had: what is told of severity is told of it. */
  readonly some: Row;
  /** The largest crowd. */
  readonly most: Row;
  readonly rows: readonly Row[];
}

/** Fewer calls at once show no queue. */
const LEAST_CROWD = 8;
/** A wait that is shorter costs nobody anything, and a lock around it may be what keeps the data whole. */
const WAIT_MS = 5;
/** Of the virtual time that the width predicts, exact but for what a call does besides waiting for its place. */
const WAVES_SHARE = 0.6;

/** Subjects that were called alone and in a crowd. */
export function crowdsOf({ scaling }: Pick<RaceEvidence, 'scaling'>): readonly Crowd[] {
  return scaling.flatMap(({ subject, rows: unordered }) => {
    const rows = unordered.toSorted((a, b) => a.calls - b.calls);
    const alone = rows.find(({ calls }) => calls === 1);
    const crowded = rows.filter(({ calls }) => calls >= LEAST_CROWD);
    const [some, most] = [crowded[0], crowded.at(-1)];
    return alone === undefined || some === undefined || most === undefined
      ? []
      : [{ subject, alone, some, most, rows }];
  });
}

/** Of a crowd only so many calls have work under way at a time; the others wait, in virtual time, and none is refused. */
export interface Queue {
  readonly crowd: Crowd;
  readonly width: number;
  /** Where the others wait; undefined when it is not known. */
  readonly waitAt: Frame | undefined;
}

/** The queue that a crowd stands in; null when all have work under way, or the server turns calls away. */
export function queueOf(crowd: Crowd): Queue | null {
  const { alone, most } = crowd;
  if (!isWell(alone) || !isWell(most) || alone.virtualMs < WAIT_MS) return null;
  const width = most.overlap;
  if (width < 1 || width > most.calls / 2) return null;
  if (most.virtualMs < WAVES_SHARE * Math.ceil(most.calls / width) * alone.virtualMs) return null;
  return { crowd, width, waitAt: most.waitingAt[0]?.site };
}

/** All calls answered, none with an error. */
export function isWell({ status, crash, errors }: Row): boolean {
  return status === 'done' && crash === null && errors === 0;
}

/** Longest stretch that each crowd has: what only one shows is a module loaded, or code not yet compiled. */
export function longestHeldMs({ rows }: Crowd): number {
  const known = rows
    .filter(({ crash }) => crash === null)
    .map(({ longestSynchronousCpuMs }) => longestSynchronousCpuMs);
  return known.length < 2 ? 0 : Math.min(...known);
}

/** Costliest job of the thread pool that each crowd has: what only one shows is the garbage collector, which ran meanwhile. */
export function longestJobMs({ rows }: Crowd): number {
  const known = rows
    .filter(({ crash }) => crash === null)
    .map(({ longestPoolJobCpuMs }) => longestPoolJobCpuMs ?? 0);
  return known.length < 2 ? 0 : Math.min(...known);
}
