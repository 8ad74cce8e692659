import {
  endingGrowthsOf,
  exhaustionOf,
  leaksOf,
  slightLeaksOf,
  undecidedOf,
  type Leak,
  type LeakPattern,
} from '../derive/leaks/index.ts';
import { formatPlace, homeOf, locationOf, type Home } from '../derive/frames.ts';
import type {
  Detector,
  DetectorInput,
  Finding,
  HeapGrowthEvidence,
  Severity,
  SourceLocation,
} from '../evidence/index.ts';
import { binaryBytes, count, figure, plural } from './figures.ts';
import { makeFinding, shellWord } from './finding.ts';
import { leakExhibits, leakingOf } from './leak-exhibits.ts';
import { boundOf, libraryOf, occasionOf, toolOf, whoLeaks } from './leak-words.ts';

type Needs = 'heapGrowth' | 'target';
type Input = DetectorInput<Needs>;

/** At this rate a leak is judged: a server in use. Sessions come at a tenth of it. */
const CALLS_A_SECOND = 10;
const SESSIONS_A_SECOND = 1;
/** Many bounds found are many names: these are told, and the number of the others. */
const BOUNDS_TOLD = 4;

/** A pattern of leaks: how it is told and what to do about it. */
export interface LeakKind {
  readonly id: LeakPattern;
  /** What the server does, after its name: "adds one listener per call to `bus` and never removes it". */
  does(leak: Leak, occasion: string): string;
  fix(leak: Leak): string;
  /** At least so severe, whatever the bytes. */
  readonly atLeast?: Severity;
  /** What it costs, when that is not bytes. */
  readonly cost?: (leak: Leak) => Finding['cost'];
}

/** The detector of one pattern. All share one reading of what grows; each leak has one pattern. */
export function leakDetector(kind: LeakKind): Detector<Needs> {
  return {
    id: kind.id,
    check: 'leak',
    // Attached, nothing is called.
    examinations: ['check', 'leak'],
    needs: ['heapGrowth', 'target'],
    detect: (evidence) =>
      leaksOf(evidence.heapGrowth)
        .filter(({ pattern }) => pattern === kind.id)
        .map((leak) => findingOf(kind, evidence, leak)),
    blind: ({ heapGrowth }) => undecided(heapGrowth) ?? uncounted(kind.id, heapGrowth),
    looked: ({ heapGrowth }) => looked(heapGrowth),
  };
}

function findingOf(kind: LeakKind, evidence: Input, leak: Leak): Finding {
  const { heapGrowth, target } = evidence;
  const home = homeOf(target);
  const location = placeOf(leak, home);
  const tool = toolOf(leak);
  const occasion = occasionOf(leak.subjects[0] ?? null);
  const leaking = leakingOf(leak);
  const where = location === undefined ? '' : `, at ${formatPlace(location, target.cwd)}`;
  const library = libraryOf(leak.site, home);
  const amount =
    leaking.bytes === 0 ? '' : `: ${binaryBytes(leaking.bytes)} ${perWords(leaking.per, occasion)}`;
  return makeFinding({
    id: kind.id,
    tool,
    location,
    variant: leak.growth?.owner?.name ?? leak.handles[0]?.resource ?? '',
    severity: severityOf(kind, heapGrowth, leak),
    confidence: confidenceOf(heapGrowth, leak),
    title: `${whoLeaks(leak)} ${kind.does(leak, occasion)}${amount}${where}${library === null ? '' : ` (library leak: ${library.name} keeps it, at ${formatPlace(library.frame, target.cwd)})`}`,
    evidence: leakExhibits(heapGrowth, leak),
    cost: kind.cost?.(leak) ?? { value: figure(leaking.bytes), unit: 'bytes', per: leaking.per },
    fix: `${kind.fix(leak)}${library === null ? '' : ` Here it is ${library.name} that keeps it: look for a newer version, report it there, and until then keep calls from coming there, or begin with a new object of its from time to time.`}`,
    verify: {
      command: verifyCommand(kind.id, target, leak.subjects[0]?.kind === 'tool' ? tool : null),
      expect: `exit code 0: what ${tool === 'session' || tool === null ? 'the server' : tool} keeps no longer grows`,
    },
  });
}

/** The line where it grows; else the function that is kept. */
function placeOf({ site, growth }: Leak, home: Home): SourceLocation | undefined {
  const kept = growth?.element.function ?? null;
  return locationOf(site, home) ?? (kept === null ? undefined : locationOf([kept], home));
}

function perWords(per: 'call' | 'session' | 'second', occasion: string): string {
  if (per === 'second') return 'a second, without any call';
  return `per ${per === 'session' ? 'session' : occasion}`;
}

/** By when a server in use is full: within the hour, the day, the month, or later. */
function severityOf(kind: LeakKind, evidence: HeapGrowthEvidence, leak: Leak): Severity {
  const leaking = leakingOf(leak);
  const rate = leaking.per === 'call' ? CALLS_A_SECOND : leaking.per === 'session' ? SESSIONS_A_SECOND : 1;
  const end = exhaustionOf(evidence, leaking);
  const hours = end === null ? Number.POSITIVE_INFINITY : end.after / rate / 3600;
  const order: readonly Severity[] = ['low', 'medium', 'high', 'critical'];
  const byTime = hours < 1 ? 3 : hours < 24 ? 2 : hours < 24 * 30 ? 1 : 0;
  return order[Math.max(byTime, order.indexOf(kind.atLeast ?? 'low'))] ?? 'low';
}

/** Counted object by object, and gone on for ever: measured. What is only in proportion, or sampled, is suspected. */
function confidenceOf({ by }: HeapGrowthEvidence, { growth, handles, trend }: Leak): Finding['confidence'] {
  const proof = growth?.proof ?? handles[0]?.proof;
  if (trend !== null || (growth !== null && by === 'sampling')) return 'suspected';
  if (growth?.driver === 'time' || proof === 'exact' || proof === 'alone') return 'measured';
  const went = growth?.bound ?? handles[0]?.bound;
  return went?.kind === 'none' && went.calls > 0 ? 'measured' : 'suspected';
}

function verifyCommand(id: string, target: Input['target'], tool: string | null): string {
  const where = target.targetArguments === '' ? '' : ` ${target.targetArguments}`;
  if (target.reproducedBy === 'attach') return `npx mettle attach --memory --fail-on ${id}${where}`;
  const only = tool === null ? '' : ` --tool ${shellWord(tool)}`;
  return `npx mettle leak${only} --fail-on ${id}${where}`;
}

/** What grows and may or may not end. As long as there is such growth no pattern is clear: some are told by how it ends. */
function undecided(evidence: HeapGrowthEvidence): string | null {
  const open = undecidedOf(evidence);
  if (open.length === 0) return null;
  const told = open.slice(0, BOUNDS_TOLD).map(({ growth }) => boundOf(growth));
  const more = open.length > BOUNDS_TOLD ? `; and ${open.length - BOUNDS_TOLD} more` : '';
  const what = `${told.join('; ')}${more}`;
  return `whether ${open.length === 1 ? 'one growth ends' : `${open.length} growths end`} could not be decided in the time (${what}): give more time (--budget)`;
}

/** What is no container whose size can be read is known by the numbers of several rounds only. */
const KNOWN_BY_ROUNDS: readonly LeakPattern[] = [
  'interval-accumulation',
  'timer-leak',
  'pending-promise-leak',
  'external-memory-leak',
  'handle-leak',
  'heap-leak',
];
/** What a sampling heap profile does not have. */
const NOT_SAMPLED: readonly LeakPattern[] = ['external-memory-leak', 'handle-leak'];

/** Why nothing is known of this pattern, though somebody looked. */
function uncounted(id: LeakPattern, { by, rounds }: HeapGrowthEvidence): string | null {
  if (by === 'sampling')
    return NOT_SAMPLED.includes(id) ? 'a sampling heap profile has neither buffers nor handles' : null;
  const counted = rounds.filter(({ kind }) => kind === 'fresh').length;
  return counted === 1 && KNOWN_BY_ROUNDS.includes(id)
    ? 'calls were counted in one round only, for want of time'
    : null;
}

/** All patterns look at the same rounds: the same clause, so that it is said once. */
function looked(evidence: HeapGrowthEvidence): string {
  const calls = evidence.subjects.reduce((sum, subject) => sum + subject.calls, 0);
  const names = new Set(evidence.subjects.map(({ name }) => name));
  const how =
    evidence.by === 'snapshot'
      ? `${plural(evidence.rounds.length, 'round')}, counted object by object`
      : `${plural(evidence.rounds.length, 'round')}, by a sampling heap profile (${evidence.whySampling ?? 'no snapshot'})`;
  const bounds = endingGrowthsOf(evidence).map(boundOf);
  const ends =
    bounds.length === 0
      ? ''
      : `; what grows ends: ${bounds.slice(0, BOUNDS_TOLD).join(', ')}${bounds.length > BOUNDS_TOLD ? ` and ${bounds.length - BOUNDS_TOLD} more` : ''}`;
  const slight = slightLeaksOf(evidence).map(
    (leak) => `${whoLeaks(leak)} by ${binaryBytes(leakingOf(leak).bytes)} per call`,
  );
  const but =
    slight.length === 0
      ? 'nothing grows without end'
      : `what grows without end is slight (${slight.join('; ')})`;
  const uncovered = evidence.notCovered.map((sentence) => `; ${sentence.replace(/\.$/, '')}`).join('');
  return `${names.size === 1 ? '1 tool or method' : `${count(names.size)} tools and methods`}, ${plural(calls, 'call')} in ${how}: ${but}${ends}${uncovered}`;
}
