import type {
  Frame,
  HandleGrowth,
  HeapGrowth,
  HeapGrowthEvidence,
  HeapSubject,
  MemoryTrend,
} from '../../evidence/index.ts';
import { isInternal } from '../frames.ts';
import { memoised } from '../memo.ts';
import { endingOf } from './ends.ts';
import { byExactness, isResource, patternOf, type LeakPattern } from './pattern.ts';
import { unexplainedTrends } from './unexplained.ts';

/** One leak: everything that one fault makes grow. */
export interface Leak {
  readonly pattern: LeakPattern;
  /** Whose calls leak, most bytes first; empty when no call does. */
  readonly subjects: readonly HeapSubject[];
  /** What shows the pattern; null when only handles or bytes grow. */
  readonly growth: HeapGrowth | null;
  /** What grows with it, of the same fault. */
  readonly beside: readonly HeapGrowth[];
  /** Open resources, most per call first. */
  readonly handles: readonly HandleGrowth[];
  /** Bytes that no object explains, when nothing else shows the leak. */
  readonly trend: MemoryTrend | null;
  /** Where it grows, innermost frame first. */
  readonly site: readonly Frame[];
}

interface Undecided {
  readonly pattern: LeakPattern;
  readonly growth: HeapGrowth;
}

interface Group {
  readonly growths: HeapGrowth[];
  readonly handles: HandleGrowth[];
}

/** Every leak worth mending once, by its most exact pattern. */
export const leaksOf: (evidence: HeapGrowthEvidence) => readonly Leak[] = memoised((evidence) =>
  allLeaksOf(evidence).filter((leak) => !isSlight(leak)),
);

/** What grows without end, but by so little that no server dies of it. */
export const slightLeaksOf: (evidence: HeapGrowthEvidence) => readonly Leak[] = memoised((evidence) =>
  allLeaksOf(evidence).filter(isSlight),
);

/**
 * At ten calls a second for a whole day, less than 110 MB: what a server keeps of its session by intention is often of this
 * size. Listeners, timers, sessions and handles cost more than their bytes, and have no such limit.
 */
const SLIGHT_BYTES = 128;
const COUNTED_BY_BYTES: readonly LeakPattern[] = ['collection-leak', 'unbounded-cache', 'heap-leak'];

function isSlight({ pattern, growth, beside, trend }: Leak): boolean {
  if (trend !== null || growth === null || !COUNTED_BY_BYTES.includes(pattern)) return false;
  const growths = [growth, ...beside];
  return (
    growths.every(({ driver }) => driver === 'calls') &&
    growths.reduce((sum, { bytesPerCall }) => sum + bytesPerCall, 0) < SLIGHT_BYTES
  );
}

const allLeaksOf: (evidence: HeapGrowthEvidence) => readonly Leak[] = memoised((evidence) => {
  const { growths, handles } = evidence;
  const endless = growths.filter((growth) => endingOf(growth, growths) === 'never');
  const groups = grouped(endless);
  for (const handle of handles) addHandle(groups, handle);
  const leaks = groups.map(leakOf);
  return [...leaks, ...unexplainedTrends(evidence, leaks).map(leakOfTrend)];
});

/** What grows and could not be decided, by the pattern that it would be. */
export const undecidedOf: (evidence: HeapGrowthEvidence) => readonly Undecided[] = memoised(({ growths }) =>
  growths
    .filter((growth) => endingOf(growth, growths) === 'undecided')
    .map((growth) => ({ pattern: patternOf(growth), growth })),
);

/** What grows and ends. */
export const endingGrowthsOf: (evidence: HeapGrowthEvidence) => readonly HeapGrowth[] = memoised(
  ({ growths }) => growths.filter((growth) => endingOf(growth, growths) === 'ends'),
);

/** The subject whose calls make it grow, or started the timer that does. */
export function responsible({ subject, startedBy }: HeapGrowth): HeapSubject | null {
  return subject ?? startedBy;
}

function grouped(endless: readonly HeapGrowth[]): Group[] {
  const groups: Group[] = [];
  const bySize = endless.toSorted(
    (a, b) => byExactness(patternOf(a), patternOf(b)) || b.bytesPerCall - a.bytesPerCall,
  );
  for (const growth of bySize) {
    const group = groups.find(({ growths }) => growths.some((other) => isSameFault(other, growth)));
    if (group === undefined) groups.push({ growths: [growth], handles: [] });
    else group.growths.push(growth);
  }
  return groups;
}

/** `known` is of the more exact pattern. */
function isSameFault(known: HeapGrowth, growth: HeapGrowth): boolean {
  const [a, b] = [responsible(known), responsible(growth)];
  if (a?.kind === 'session' || b?.kind === 'session')
    return a?.kind === b?.kind && endsProperly(a) === endsProperly(b);
  if (isSameOwner(known, growth) || isSamePlace(known, growth)) return true;
  if (a === null || b === null || a.name !== b.name) return false;
  if (isWithinOneObject(known, growth)) return true;
  // What a timer of the call feeds is that timer's doing.
  if (known.element.kind === 'interval')
    return growth.driver === 'time' || growth.element.kind === 'interval';
  // An owner without a name beside one that has one: the runtime's side of the same object.
  return (
    patternOf(growth) === 'heap-leak' && growth.site.length === 0 && growth.owner?.kind !== 'linked-list'
  );
}

function endsProperly(subject: HeapSubject | null): boolean {
  return subject?.manner === 'ended';
}

function isSameOwner({ owner: a }: HeapGrowth, { owner: b }: HeapGrowth): boolean {
  return (
    a !== null &&
    b !== null &&
    a.name !== null &&
    a.file !== null &&
    a.kind === b.kind &&
    a.name === b.name &&
    a.file === b.file
  );
}

/** Of several tools the column counts too: a bundle that was made small has all of them in one line. */
function isSamePlace(a: HeapGrowth, b: HeapGrowth): boolean {
  const [one, other] = [frameOf(a.site), frameOf(b.site)];
  if (one === undefined || other === undefined) return false;
  if (one.file !== other.file || one.line !== other.line) return false;
  return responsible(a)?.name === responsible(b)?.name || one.column === other.column;
}

/**
 * The same object, reached from its module over others, grows in two of its fields: a library's cache and its index. State
 * that a module holds itself may have two faults.
 */
function isWithinOneObject({ path: a }: HeapGrowth, { path: b }: HeapGrowth): boolean {
  const differing = a.findIndex((step, i) => step !== b[i]);
  return differing >= INNER_STEPS && a[0]?.startsWith('module ') === true;
}

/** Module, its variable, an object in that. */
const INNER_STEPS = 3;

function frameOf(site: readonly Frame[]): Frame | undefined {
  return site.find((each) => !isInternal(each));
}

function addHandle(groups: Group[], handle: HandleGrowth): void {
  if (handle.bound.kind !== 'none' || handle.subject === null || handle.perCall <= 0) return;
  const mine = groups.filter(({ growths, handles }) =>
    [...growths.map(responsible), ...handles.map(({ subject }) => subject)].some(
      (subject) => subject?.name === handle.subject?.name,
    ),
  );
  if (!isResource(handle)) {
    // Timers that the heap shows are told there.
    if (mine.length === 0) groups.push({ growths: [], handles: [handle] });
    return;
  }
  // What keeps a socket's objects is the socket that is open.
  const group =
    mine.find((each) => each.handles.length > 0) ?? mine.find((each) => each.growths.some(isOfHandles));
  if (group === undefined) groups.push({ growths: [], handles: [handle] });
  else group.handles.push(handle);
}

function isOfHandles(growth: HeapGrowth): boolean {
  const pattern = patternOf(growth);
  if (pattern === 'collection-leak' || pattern === 'unbounded-cache')
    return growth.holds.some(({ kind }) => kind === 'handle');
  return pattern === 'handle-leak' || pattern === 'session-leak' || pattern === 'heap-leak';
}

function leakOf({ growths, handles }: Group): Leak {
  const [growth = null, ...beside] = growths;
  const resources = handles.filter(isResource).toSorted((a, b) => rankOf(a) - rankOf(b));
  const subjects = new Map<string, HeapSubject>();
  for (const subject of [...growths.map(responsible), ...handles.map((handle) => handle.subject)])
    if (subject !== null) subjects.set(`${subject.name} ${subject.manner}`, subject);
  const site = [...growths, ...resources].find((each) => each.site.length > 0)?.site ?? [];
  const pattern = growth === null ? 'timer-leak' : patternOf(growth);
  return {
    pattern: resources.length > 0 && pattern !== 'session-leak' ? 'handle-leak' : pattern,
    subjects: [...subjects.values()],
    growth,
    beside,
    handles: resources.length > 0 ? resources : handles,
    trend: null,
    site,
  };
}

/** A child process holds pipes, a socket a file descriptor: what holds the others comes first. */
const RANK: readonly HandleGrowth['kind'][] = [
  'child-process',
  'worker',
  'server',
  'socket',
  'watcher',
  'file',
];

function rankOf({ kind }: HandleGrowth): number {
  const rank = RANK.indexOf(kind);
  return rank < 0 ? RANK.length : rank;
}

function leakOfTrend(trend: MemoryTrend): Leak {
  return {
    pattern:
      trend.kind === 'external' || trend.kind === 'array-buffers' ? 'external-memory-leak' : 'heap-leak',
    subjects: trend.subject === null ? [] : [trend.subject],
    growth: null,
    beside: [],
    handles: [],
    trend,
    site: [],
  };
}
