import type {
  GrowthElement,
  GrowthOwner,
  HeapRound,
  HeapSubject,
  HeldClass,
} from '../../../evidence/index.ts';
import { NONE } from '../graph.ts';
import type { HeapGraph } from '../graph.ts';
import type { ClassCount, GrowthByOwner, OwnerGrowth } from '../owners.ts';
import type { HeapPlaces } from '../places.ts';
import { retainingPath } from '../retaining-path.ts';
import type { Retention } from '../retention.ts';
import { classWords } from '../words.ts';
import { matchCounts } from './coded-match.ts';
import type { CodedMatch } from './coded-match.ts';
import { heldTimerOf } from './expiry.ts';
import type { HeldTimer } from './expiry.ts';
import { describeElement, elementKind, eventTargetOf, nameOf, ownerClass, ownerKind } from './describe.ts';

/** Something that got more elements in each round, before it is known whether that ends. */
export interface GrowthCandidate {
  /** The owner's id in the snapshot. */
  readonly heapId: number;
  readonly owner: GrowthOwner;
  /** Its size can be read of the live object, and is the number of its elements. */
  readonly measure: 'size' | 'listeners' | null;
  readonly element: GrowthElement;
  /** V8's name of the elements' class. */
  readonly topClass: string;
  /** New elements by round, those of the warm-up not counted. */
  readonly counts: readonly number[];
  /** Whose calls they follow; null when they follow nobody's. */
  readonly match: CodedMatch | null;
  /** All that was kept in the fresh rounds. */
  readonly bytes: number;
  readonly externalBytes: number;
  readonly holds: readonly (Omit<HeldClass, 'perCall' | 'bytesPerCall'> & {
    readonly count: number;
    readonly bytes: number;
  })[];
  readonly path: readonly string[];
  /** The variable or property of the owner over which it reaches the elements; null when that has no name. */
  readonly slot: string | null;
  /** Of a timer: the id of the function that it calls. */
  readonly callbackId: number | null;
  /** A timer that each element holds; null when they hold none. */
  readonly heldTimer: HeldTimer | null;
  /** Objects with fields that hold it, nearest first: those may say how much it is to hold. */
  readonly holders: readonly number[];
}

export interface Screening {
  readonly graph: HeapGraph;
  readonly retention: Retention;
  readonly places: HeapPlaces;
  readonly growth: GrowthByOwner;
  readonly rounds: readonly HeapRound[];
  readonly subjects: readonly HeapSubject[];
  readonly shownFile: (file: string) => string;
  /** Whether a script is Mettle's own, inside the server. */
  readonly isOurs: (file: string) => boolean;
}

/** In a round in which nothing but chance adds to an owner, more than this seldom do. */
const LEAST_IN_A_ROUND = 2;
/** Growth of fewer bytes in all rounds together is nothing that a server could die of. */
const LEAST_BYTES = 1000;
const MOST_HELD_CLASSES = 8;
/** The nearest: what holds that again has fields for other things. */
const MOST_HOLDERS = 1;
const PLAIN = new Set(['Map', 'Set', 'Array', 'EventEmitter', 'Module', 'global']);
const EXTERNAL = /JSArrayBufferData|backing.?store|ExternalStringData/i;

/** Every owner that grew in each fresh round, those that follow somebody's calls first, then most bytes first. */
export function screen(screening: Screening): readonly GrowthCandidate[] {
  const candidates = screening.growth.owners.flatMap((owner) => candidatesOf(owner, screening));
  return candidates.toSorted(
    (a, b) => Number(b.match !== null) - Number(a.match !== null) || b.bytes - a.bytes,
  );
}

/** One candidate for each subject that one of the owner's classes follows; else one for what follows nobody, if it grows at all. */
function candidatesOf(owner: OwnerGrowth, screening: Screening): readonly GrowthCandidate[] {
  const { rounds, subjects } = screening;
  const fresh = freshRounds(rounds);
  const bySubject = new Map<string, { match: CodedMatch; count: ClassCount }>();
  let unmatched: ClassCount | null = null;
  for (const count of owner.classes) {
    if (count.top === NONE) continue;
    const match = matchCounts([...count.tops].slice(1), rounds.slice(1), subjects);
    if (match === null) {
      const grows = fresh.every((r) => (count.tops[r] ?? 0) >= LEAST_IN_A_ROUND);
      if (grows && (unmatched === null || count.bytes > unmatched.bytes)) unmatched = count;
      continue;
    }
    const key = `${match.subject.name} ${match.subject.manner}`;
    const known = bySubject.get(key);
    if (known === undefined || isBetter({ match, count }, known)) bySubject.set(key, { match, count });
  }
  const chosen = [...bySubject.values()];
  // An exact match explains the owner; what fits another subject roughly is chance.
  const exact = chosen.filter(({ match }) => match.proof === 'exact');
  const kept = exact.length > 0 ? exact : chosen;
  const share = kept.length > 1 ? kept.reduce((sum, { count }) => sum + count.bytes, 0) : 0;
  const out = kept.map(({ match, count }) =>
    candidateOf(owner, count, match, share === 0 ? 1 : count.bytes / share, screening),
  );
  if (out.length === 0 && unmatched !== null) out.push(candidateOf(owner, unmatched, null, 1, screening));
  return out.filter((candidate): candidate is GrowthCandidate => candidate !== null);
}

function isBetter(
  a: { readonly match: CodedMatch; readonly count: ClassCount },
  b: { readonly match: CodedMatch; readonly count: ClassCount },
): boolean {
  if (a.match.proof !== b.match.proof) return a.match.proof === 'exact';
  // Of an entry the key is the least telling part.
  if (isText(a.count) !== isText(b.count)) return isText(b.count);
  return a.count.bytes > b.count.bytes;
}

function isText({ className }: ClassCount): boolean {
  return className === '(string)';
}

function candidateOf(
  group: OwnerGrowth,
  count: ClassCount,
  match: CodedMatch | null,
  share: number,
  screening: Screening,
): GrowthCandidate | null {
  const { graph, retention, places, rounds, shownFile } = screening;
  const { top } = count;
  const path = retainingPath(graph, retention, places, top, { shownFile });
  const file = path.file === '' ? null : path.file;
  if (file !== null && screening.isOurs(file)) return null;
  const kind = ownerKind(graph, retention, group.owner, top);
  const node = kind === 'event-target' ? eventTargetOf(graph, retention, group.owner) : group.owner;
  const fresh = freshRounds(rounds);
  const bytes = share * fresh.reduce((sum, r) => sum + (group.bytes[r] ?? 0), 0);
  if (bytes < LEAST_BYTES && match?.proof !== 'exact') return null;
  const holds = heldClasses(group, screening);
  return {
    heapId: graph.id(node),
    owner: {
      kind,
      className: ownerClass(graph, node),
      name: graph.isScope(node) ? slotOf(graph, retention, node, top) : nameOf(graph, retention, node),
      file,
      size: null,
    },
    measure: measureOf(screening, node, kind, top, count),
    element: describeElement(graph, places, top, shownFile),
    topClass: classWords(graph, top),
    counts: rounds.map((_, r) => (r === 0 ? 0 : (count.tops[r] ?? 0))),
    match,
    bytes,
    externalBytes: share * externalBytesOf(group, screening, fresh),
    holds,
    path: path.steps,
    slot: slotOf(graph, retention, group.owner, top),
    callbackId: callbackOf(graph, top),
    heldTimer: heldTimerOf(graph, group, count),
    holders: holdersOf(graph, retention, node),
  };
}

/** A live size tells of containers whose entries are the elements; a link of a list has always the same fields. */
function measureOf(
  { graph, retention }: Screening,
  owner: number,
  kind: GrowthOwner['kind'],
  top: number,
  count: ClassCount,
): GrowthCandidate['measure'] {
  if (kind === 'event-target') return 'listeners';
  if (!isHeldDirectly(graph, retention, owner, top)) return null;
  if (kind === 'map' || kind === 'set' || kind === 'array') return 'size';
  if (kind === 'event-emitter') return graph.name(owner) === 'Array' ? 'size' : null;
  if (kind !== 'object') return null;
  const elements = count.tops.reduce((sum, tops) => sum + tops, 0);
  const { firstEdge } = graph.snapshot;
  const edges = (firstEdge[owner + 1] as number) - (firstEdge[owner] as number);
  return edges >= elements || graph.follow(owner, 'properties') !== NONE ? 'size' : null;
}

function isHeldDirectly(graph: HeapGraph, { parent }: Retention, owner: number, top: number): boolean {
  let at = parent[top] as number;
  while (at > 0 && at !== owner && graph.isInternal(at)) at = parent[at] as number;
  return at === owner;
}

function heldClasses(group: OwnerGrowth, { graph, places, rounds }: Screening): GrowthCandidate['holds'] {
  const fresh = freshRounds(rounds);
  return group.classes
    .map((count) => {
      const all = count.objects.reduce((sum, objects) => sum + objects, 0);
      const inFresh = fresh.reduce((sum, r) => sum + (count.objects[r] ?? 0), 0);
      return {
        className: count.className === '(string)' ? 'string' : classWords(graph, count.example),
        kind: elementKind(graph, places, count.example),
        count: inFresh,
        bytes: all === 0 ? 0 : (count.bytes * inFresh) / all,
      };
    })
    .filter(({ count }) => count > 0)
    .toSorted((a, b) => b.bytes - a.bytes)
    .slice(0, MOST_HELD_CLASSES);
}

function externalBytesOf(group: OwnerGrowth, { graph }: Screening, fresh: readonly number[]): number {
  let bytes = 0;
  for (const count of group.classes) {
    if (!EXTERNAL.test(graph.name(count.example))) continue;
    const all = count.objects.reduce((sum, objects) => sum + objects, 0);
    const inFresh = fresh.reduce((sum, r) => sum + (count.objects[r] ?? 0), 0);
    bytes += all === 0 ? 0 : (count.bytes * inFresh) / all;
  }
  return bytes;
}

function slotOf(
  graph: HeapGraph,
  { parent, parentEdge }: Retention,
  owner: number,
  top: number,
): string | null {
  let at = top;
  while (at > 0 && parent[at] !== owner) at = parent[at] as number;
  const edge = at > 0 ? (parentEdge[at] as number) : NONE;
  if (edge === NONE) return null;
  const kind = graph.edgeKind(edge);
  return kind === 'context' || kind === 'property' ? graph.edgeName(edge) : null;
}

function callbackOf(graph: HeapGraph, top: number): number | null {
  const callback = graph.name(top) === 'Timeout' ? graph.follow(top, '_onTimeout') : NONE;
  return callback === NONE ? null : graph.id(callback);
}

/** Of an object of a class its own fields too; what a plain container has is entries. */
export function holdersOf(graph: HeapGraph, { parent }: Retention, owner: number): readonly number[] {
  const holders: number[] = [];
  let at = owner;
  while (at > 0 && holders.length < MOST_HOLDERS && !graph.isScope(at)) {
    const isFielded = graph.kind(at) === 'object' && !graph.isInternal(at);
    const isEntries = at === owner && graph.name(at) === 'Object';
    if (isFielded && !isEntries && !PLAIN.has(graph.name(at))) holders.push(graph.id(at));
    at = parent[at] as number;
  }
  return holders;
}

/** Rounds by their birth number: the first round after a fence is 1, and `rounds[0]` is the warm-up before any. */
function freshRounds(rounds: readonly HeapRound[]): readonly number[] {
  return rounds.flatMap((round, r) => (round.kind === 'fresh' ? [r] : []));
}
