import type {
  EvidenceMap,
  RaceAnswer,
  RaceCall,
  RaceEvidence,
  RaceOutcome,
  RacePair,
  RaceScaling,
  RaceStep,
  RaceViolation,
} from '../../src/evidence/index.ts';
import { at } from './frames.ts';
import { server } from './server.ts';

type Row = RaceScaling['rows'][number];

/** A tool's answer of one text. */
export function says(text: string): RaceAnswer {
  return { status: 'success', text: JSON.stringify({ content: [{ type: 'text', text }] }) };
}

/** A tool's answer that is an error. */
export function failsWith(text: string): RaceAnswer {
  return { ...says(text), status: 'tool-error' };
}

export const NO_ANSWER: RaceAnswer = { status: 'unanswered', text: '' };

/** What the calls answered and left behind: `came([says('ok'), says('ok')], { 'a.json': '[1]' })`. */
export function came(
  answers: readonly RaceAnswer[],
  files: Readonly<Record<string, string>> = {},
  observed: readonly RaceAnswer[] = [],
): Omit<RaceOutcome, 'order'> {
  return { answers, files, observed };
}

/**
 * Steps in short: `A call`, `A read data.json @20`, `B write data.json @31`, `A back @20` (a delivery), `A answer`.
 * What follows @ is the line of src/server.js.
 */
export function steps(...lines: readonly string[]): readonly RaceStep[] {
  const counts = new Map<string, number>();
  return lines.map((line): RaceStep => {
    const [lane = '', verb = '', ...rest] = line.split(' ');
    const place = rest.find((word) => word.startsWith('@'));
    const resource = rest.find((word) => !word.startsWith('@')) ?? null;
    const number = (counts.get(lane) ?? 0) + 1;
    counts.set(lane, number);
    const kinds: Readonly<Record<string, string>> = {
      read: 'fs.readFile',
      write: 'fs.write',
      open: 'fs.open',
      rename: 'fs.rename',
      back: 'timer',
    };
    return {
      id: `${lane}#${number}`,
      lane,
      kind: kinds[verb] ?? verb,
      phase: verb === 'back' || verb === 'call' ? 'delivery' : 'effect',
      resource,
      writes: ['write', 'open', 'rename'].includes(verb),
      detail: '',
      site: place === undefined ? null : at('handler', 'src/server.js', Number(place.slice(1))),
    };
  });
}

/** What is not said is a pair of equal calls, found at once, in a fresh process too. */
export function violation(
  told: Pick<RaceViolation, 'class' | 'steps'> & {
    readonly outcome: Omit<RaceOutcome, 'order'>;
    readonly allowed: readonly Omit<RaceOutcome, 'order'>[];
  } & Partial<Omit<RaceViolation, 'outcome' | 'allowed'>>,
): RaceViolation {
  const { outcome, allowed, ...rest } = told;
  const call: RaceCall = { tool: 'save', arguments: { name: 'Ada' }, connection: 0 };
  const orders = ['A→B', 'B→A'];
  return {
    subjects: ['save', 'save'],
    calls: [call, call],
    setup: [],
    token: 'A,B:A#2>B',
    replay: 'save@0,save@1;A,B:A#2>B',
    traceHash: 'abc',
    preemptions: 1,
    foundInTrial: 4,
    badTrials: 7,
    trials: 10,
    reproduced: true,
    invariant: null,
    outcome: { order: null, ...outcome },
    allowed: allowed.map((order, i) => ({ order: orders[i] ?? null, ...order })),
    ...rest,
  };
}

/** A pair that was judged, and found well unless said otherwise. */
export function pair(subjects: readonly string[], told: Partial<RacePair> = {}): RacePair {
  return {
    subjects,
    connections: 1,
    trials: 12,
    badTrials: 0,
    completeBound: 1,
    worst: null,
    undecided: null,
    ...told,
  };
}

/** A row of a crowd; what is not said is a well server that does all at once. */
export function crowdOf(calls: number, told: Partial<Row> = {}): Row {
  return {
    calls,
    overlap: calls,
    virtualMs: 30,
    longestSynchronousCpuMs: 0.4,
    peakSockets: 0,
    peakFiles: 0,
    peakThreadPoolJobs: 0,
    errors: 0,
    status: 'done',
    crash: null,
    waitingAt: [],
    ...told,
  };
}

/** Evidence of a race in which that was found. */
export function raceEvidence(told: Partial<RaceEvidence> = {}): RaceEvidence {
  return {
    reset: 'files',
    workingCopy: 'an empty folder',
    processes: 1,
    preemptionBound: 2,
    trials: 120,
    pairs: [pair(['save', 'save'])],
    violations: [],
    scaling: [{ subject: 'save', rows: [1, 2, 10, 50].map((calls) => crowdOf(calls)) }],
    leftOut: [],
    uncontrolled: [],
    coverage: 'every schedule with at most 1 preemption at I/O boundaries: 120 trials, 1 pair',
    elapsedMs: 900,
    cpuMs: 700,
    ...told,
  };
}

/** All evidence of a server that was raced. */
export function raced(told: Partial<RaceEvidence> = {}): EvidenceMap {
  return { ...server().tool('save').evidence(), race: raceEvidence(told) };
}
