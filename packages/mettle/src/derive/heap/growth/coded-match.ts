import type { GrowthProof, HeapRound, HeapSubject } from '../../../evidence/index.ts';
import { added, callsInLives } from './lives.ts';

/** Whose calls a growth follows, and how surely. */
export interface CodedMatch {
  readonly subject: HeapSubject;
  readonly proof: Extract<GrowthProof, 'exact' | 'correlated'>;
  /** Elements per call. */
  readonly perCall: number;
  /** Calls of the subject in the fresh rounds, those of other manners that do the same included. */
  readonly calls: number;
  /** The same, by fresh round. */
  readonly callsByRound: readonly number[];
}

/** How often something was done in each round, and whom it stands for. */
interface CodedVector {
  readonly subject: HeapSubject;
  readonly calls: readonly number[];
  /** Of one subject alone, without what sessions make in their lives. */
  readonly single: boolean;
}

/** Fewer elements than this come about by chance among the tens of thousands of objects of a server at work. */
const LEAST_ELEMENTS = 5;
/**
 * A tool that leaks on some of its calls leaks in proportion only roughly: with one in four of some sixty calls, rounds
 * differ by this factor in nine runs of ten.
 */
const ROUGHLY = 1.6;
/** How much worse the next best subject must fit. */
const CLEARLY = 1.35;

/**
 * The subject in proportion to whose calls `counts` grow. `counts` are by round, `rounds` their calls by subject; only
 * fresh rounds count. Null when no subject's do, or when several fit alike.
 */
export function matchCounts(
  counts: readonly number[],
  rounds: readonly HeapRound[],
  subjects: readonly HeapSubject[],
): CodedMatch | null {
  const fresh = rounds.flatMap((round, r) => (round.kind === 'fresh' ? [r] : []));
  const grown = fresh.map((r) => counts[r] ?? 0);
  if (grown.length < 2 || sum(grown) < LEAST_ELEMENTS) return null;
  const fits = vectorsOf(subjects, rounds)
    .flatMap((vector) => {
      const made = fresh.map((r) => vector.calls[r] ?? 0);
      if (made.some((calls) => calls === 0)) return [];
      const ratios = made.map((calls, i) => (grown[i] as number) / calls);
      const least = Math.min(...ratios);
      return least > 0 ? [{ vector, made, spread: Math.max(...ratios) / least }] : [];
    })
    .toSorted((a, b) => a.spread - b.spread);
  const [best, next] = fits;
  if (best === undefined) return null;
  // Where time was short, two subjects may have been called alike: then nothing is exact, and they are called alone.
  const exact =
    isEven(best) && !fits.some((other) => other !== best && isEven(other) && isRival(best, other));
  if (!exact && !isNearlyEverybodys(best, next, sum(grown))) {
    if (best.spread > ROUGHLY || (next !== undefined && next.spread < best.spread * CLEARLY)) return null;
  }
  const calls = sum(best.made);
  return {
    subject: best.vector.subject,
    proof: exact ? 'exact' : 'correlated',
    perCall: sum(grown) / calls,
    calls,
    callsByRound: best.made,
  };
}

function isEven({ spread }: Fit): boolean {
  return spread < 1 + 1e-9;
}

/** Another one whom the same growth fits as plainly: each has its own calls only. */
function isRival({ vector: a }: Fit, { vector: b }: Fit): boolean {
  return a.single && b.single && a.subject.name !== b.subject.name;
}

interface Fit {
  readonly vector: CodedVector;
  readonly made: readonly number[];
  readonly spread: number;
}

/**
 * Of everybody's calls a few are lost on the way (cancelled before they were sent), so that what all leave is not exact; and
 * the calls of all tools resemble all requests, so that no clear lead can be asked for. Once for each, within a few per cent,
 * over hundreds, and nothing else within as much, is proof enough.
 */
function isNearlyEverybodys(best: Fit, next: Fit | undefined, elements: number): boolean {
  const { subject } = best.vector;
  if (subject !== ANY_TOOL && subject !== ANY_REQUEST) return false;
  const perCall = elements / sum(best.made);
  return (
    elements >= MANY_ELEMENTS &&
    best.spread < NEARLY &&
    Math.abs(perCall - Math.round(perCall)) < NEARLY - 1 &&
    Math.round(perCall) > 0 &&
    (next === undefined || next.spread >= NEARLY)
  );
}

const MANY_ELEMENTS = 100;
const NEARLY = 1.05;

/**
 * Each subject alone; what all manners of one tool (or of sessions) do; every tool's calls; every request. What leaks
 * whatever becomes of a call grows with all of them together. Each also with the calls that sessions make in their lives.
 */
function vectorsOf(subjects: readonly HeapSubject[], rounds: readonly HeapRound[]): readonly CodedVector[] {
  const all = subjects.map((_, index) => index);
  const vectors: CodedVector[] = [];
  const lives: CodedVector[] = [];
  const add = (subject: HeapSubject, members: readonly number[]): void => {
    const calls = rounds.map((round) =>
      members.reduce((total, index) => total + (round.calls[index] ?? 0), 0),
    );
    vectors.push({ subject, calls, single: members.length === 1 });
    const chosen = members.map((index) => subjects[index] as HeapSubject);
    for (const which of ['all', 'not ended'] as const) {
      const inLives = callsInLives(chosen, which, { rounds, subjects });
      if (inLives !== null) lives.push({ subject, calls: added(calls, inLives), single: false });
    }
  };
  for (const index of all) add(subjects[index] as HeapSubject, [index]);
  for (const name of new Set(subjects.map((subject) => subject.name))) {
    const same = all.filter((index) => subjects[index]?.name === name);
    for (const members of subsets(same)) add(subjects[members[0] as number] as HeapSubject, members);
  }
  const tools = all.filter((index) => subjects[index]?.kind === 'tool');
  if (new Set(tools.map((index) => subjects[index]?.name)).size > 1) {
    add(ANY_TOOL, tools);
    add(
      ANY_TOOL,
      tools.filter((index) => subjects[index]?.manner === 'answered'),
    );
  }
  const requests = all.filter((index) => subjects[index]?.kind !== 'session');
  if (requests.length > tools.length) {
    add(ANY_REQUEST, requests);
    const everyRequest = requestsOf(subjects, rounds);
    if (everyRequest !== null) lives.push({ subject: ANY_REQUEST, calls: everyRequest, single: false });
  }
  // The plainer explanation first.
  return [...vectors, ...lives];
}

/** With those of sessions' lives, and the one by which each begins. Null when there were none. */
function requestsOf(
  subjects: readonly HeapSubject[],
  rounds: readonly HeapRound[],
): readonly number[] | null {
  if (!subjects.some(({ kind }) => kind === 'session')) return null;
  return rounds.map(({ calls }) =>
    subjects.reduce(
      (total, { kind, makes = [] }, i) =>
        total + (calls[i] ?? 0) * (kind === 'session' ? 1 + makes.length : 1),
      0,
    ),
  );
}

/** Every tool's calls. */
export const ANY_TOOL: HeapSubject = { name: 'tools/call', kind: 'method', manner: 'answered' };
/** Whatever is asked of the server. */
export const ANY_REQUEST: HeapSubject = { name: 'any request', kind: 'method', manner: 'answered' };

/** Of two or more members; the first is whom the whole is told of, so the plainest manner comes first. */
function subsets(members: readonly number[]): readonly (readonly number[])[] {
  const out: (readonly number[])[] = [];
  for (let mask = 1; mask < 2 ** members.length; mask++) {
    const chosen = members.filter((_, bit) => (mask & (1 << bit)) !== 0);
    if (chosen.length > 1) out.push(chosen);
  }
  return out;
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, number) => total + number, 0);
}
