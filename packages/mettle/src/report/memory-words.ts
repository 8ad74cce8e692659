import { endingGrowthsOf, responsible, undecidedOf } from '../derive/leaks/index.ts';
import type {
  Bundle,
  HeapGrowth,
  HeapGrowthEvidence,
  HeapReading,
  HeapRound,
  MemoryReading,
  MemoryWatchEvidence,
} from '../evidence/index.ts';
import { formatBytes, formatCount, formatDuration, formatFigure, plural } from './figures.ts';

/** One look at the memory, whoever took it. */
export type Level = Pick<
  HeapReading & MemoryReading,
  'atMs' | 'heapUsedBytes' | 'externalBytes' | 'rssBytes'
> & {
  /** Right after all garbage was collected. */
  readonly collected: boolean;
};

/** The memory over a run, oldest first; null when none was read. */
export interface MemoryTimeline {
  readonly levels: readonly Level[];
  /** `driven`: between rounds of calls. `in-use`: while clients called. */
  readonly of: 'driven' | 'in-use';
}

/** What was read of the memory; times from the first reading on. */
export function memoryTimeline({ evidence }: Bundle): MemoryTimeline | null {
  const { heapGrowth, memoryWatch } = evidence;
  const driven = (heapGrowth?.timeline ?? []).map(({ collected, ...reading }) => ({
    ...reading,
    collected: collected === 'after',
  }));
  const inUse = (memoryWatch?.readings ?? []).map(({ when, ...reading }) => ({
    ...reading,
    collected: when === 'collected',
  }));
  const levels = driven.length > 0 ? driven : inUse;
  const from = levels[0]?.atMs;
  if (from === undefined) return null;
  return {
    levels: levels.map((level) => ({ ...level, atMs: level.atMs - from })),
    of: driven.length > 0 ? 'driven' : 'in-use',
  };
}

const BARS = '▁▂▃▄▅▆▇█';

/** Figures as bars in a line of text, at most so many. */
export function sparkline(values: readonly number[], most: number): string {
  const step = Math.max(1, values.length / most);
  const shown = Array.from(
    { length: Math.min(values.length, most) },
    (_, i) => values[Math.min(values.length - 1, Math.floor(i * step))] as number,
  );
  const [low, high] = [Math.min(...shown), Math.max(...shown)];
  return shown
    .map((value) => BARS[high === low ? 0 : Math.round(((value - low) / (high - low)) * (BARS.length - 1))])
    .join('');
}

/** "12.1 MiB to 14.5 MiB in 9 readings": the heap after collections. */
export function heapSentence({ levels }: MemoryTimeline): string {
  const after = levels.filter(({ collected }) => collected);
  const [first, last] = [after[0], after.at(-1)];
  if (first === undefined || last === undefined) return 'all garbage was never collected in the time';
  return `${formatBytes(first.heapUsedBytes)} to ${formatBytes(last.heapUsedBytes)}, after ${plural(after.length, 'collection')} of all garbage`;
}

/** One thing that grew, as the reports show it. */
export interface GrowthRow {
  readonly growth: HeapGrowth;
  /** Whose calls make it grow. */
  readonly who: string;
  /** What grows: `Map "sessions"`. */
  readonly what: string;
  /** `+1 per call, 198 B`. */
  readonly rate: string;
  readonly fate: 'never' | 'ends' | 'undecided';
  /** `does not end (1,500 calls)`, `stops at 500`. */
  readonly ending: string;
}

/** Rows enough for any server; what comes after is small. */
const MOST_ROWS = 40;

/** What grows with calls or by time, leaks first, then what may be one, then what ends. */
export function growthRows(evidence: HeapGrowthEvidence): readonly GrowthRow[] {
  const ending = new Set(endingGrowthsOf(evidence));
  const undecided = new Set(undecidedOf(evidence).map(({ growth }) => growth));
  const order = ['never', 'undecided', 'ends'];
  return evidence.growths
    .filter((growth) => growth.driver === 'time' || growth.subject !== null)
    .map((growth): GrowthRow => {
      const fate = ending.has(growth) ? 'ends' : undecided.has(growth) ? 'undecided' : 'never';
      return {
        growth,
        who: whoOf(growth),
        what: whatOf(growth),
        rate: rateOf(growth),
        fate,
        ending: endingOf(growth, fate),
      };
    })
    .toSorted((a, b) => order.indexOf(a.fate) - order.indexOf(b.fate))
    .slice(0, MOST_ROWS);
}

export const GROWTH_COLUMNS = ['calls of', 'what grows', 'by', 'until'] as const;

/** The row as cells of a table. */
export function growthCells({ who, what, rate, ending }: GrowthRow): readonly string[] {
  return [who, what, rate, ending];
}

function whoOf(growth: HeapGrowth): string {
  const subject = responsible(growth);
  if (subject === null) return 'no call';
  return subject.manner === 'answered' ? subject.name : `${subject.name} (${subject.manner})`;
}

/** The owner as the path names it; else what there is more of. */
function whatOf({ owner, element }: HeapGrowth): string {
  if (owner === null) return element.description;
  return owner.name === null
    ? `${owner.className === '' ? 'a variable' : owner.className} of ${element.description}`
    : `${owner.className} "${owner.name}"`;
}

function rateOf(growth: HeapGrowth): string {
  if (growth.driver === 'time')
    return `+${formatFigure(growth.objectsPerSecondIdle)} a second, ${formatBytes(growth.bytesPerSecondIdle)}`;
  const objects = growth.objectsPerCall > 0 ? `+${formatFigure(growth.objectsPerCall)} a call, ` : '';
  return `${objects}${formatBytes(growth.bytesPerCall)}`;
}

function endingOf({ bound }: HeapGrowth, fate: GrowthRow['fate']): string {
  switch (bound.kind) {
    case 'none':
      return bound.calls > 0
        ? `no end in ${plural(bound.calls, 'further call')}`
        : fate === 'ends'
          ? 'it ends'
          : 'no end';
    case 'plateau':
      return `stops at ${formatCount(bound.size)}`;
    case 'declared':
      return `${bound.property}: ${formatCount(bound.limit)}`;
    case 'ttl':
      return fate === 'never'
        ? `only after ${formatDuration(bound.ttlMs)}`
        : `forgotten after ${formatDuration(bound.ttlMs)}`;
    case 'undecided':
      return 'not decided';
  }
}

export const ROUND_WORDS: Readonly<Record<HeapRound['kind'], string>> = {
  'warm-up': 'warming up',
  fresh: 'new arguments',
  repeat: 'used arguments',
  idle: 'no calls',
};

/** What Mettle did to a server in use: "16 collections, 0.4 s in all". */
export function pausesSentence({ pauses }: MemoryWatchEvidence): string | null {
  if (pauses.length === 0) return null;
  const kinds = ['snapshot', 'collection', 'profile'] as const;
  const NAMES = { snapshot: 'snapshot', collection: 'forced collection', profile: 'reading of the profile' };
  const parts = kinds.flatMap((kind) => {
    const mine = pauses.filter(({ what }) => what === kind);
    if (mine.length === 0) return [];
    const ms = mine.reduce((sum, pause) => sum + pause.ms, 0);
    return [
      `${plural(mine.length, NAMES[kind]).replace('readings of the profiles', 'readings')} (${formatDuration(ms)})`,
    ];
  });
  return `Mettle held the event loop for ${parts.join(', ')}.`;
}
