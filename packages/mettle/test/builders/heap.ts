import type {
  EvidenceMap,
  Frame,
  GrowthBound,
  GrowthElement,
  GrowthOwner,
  HandleGrowth,
  HeapGrowth,
  HeapGrowthEvidence,
  HeapManner,
  HeapRound,
  HeapSubject,
  HeapSubjectRecord,
  MemoryTrend,
} from '../../src/evidence/index.ts';
import { CWD } from './frames.ts';
import { server } from './server.ts';

/** What of a growth differs from one object per call in `Map "sessions"` that never ends. */
export interface Grows extends Partial<
  Omit<HeapGrowth, 'subject' | 'owner' | 'element' | 'site' | 'counts' | 'startedBy' | 'bound'>
> {
  readonly owner?: Partial<GrowthOwner> | null;
  readonly element?: Partial<GrowthElement>;
  /** `src/sessions.js:39`, or frames; innermost first. Default none. */
  readonly at?: string | readonly Frame[];
  /** How the growth ends; default: it does not. */
  readonly bound?: GrowthBound;
}

interface Told {
  readonly subject: HeapSubject;
  freshArguments: boolean;
  errors: number;
}

/** Calls in three fresh rounds and the repeated one: different and in no proportion, as the load makes them. */
const CODES = [
  [13, 29, 19, 17],
  [23, 11, 27, 12],
  [17, 21, 10, 28],
  [29, 14, 16, 20],
  [10, 25, 30, 15],
  [20, 16, 12, 26],
] as const;
const ROUNDS: readonly HeapRound['kind'][] = ['warm-up', 'fresh', 'fresh', 'fresh', 'idle', 'repeat'];
/** By which further calls were made when a bound was looked for. */
const FURTHER_CALLS = 400;

/**
 * A run of `mettle leak` told in sentences: `leakRun().calls('open').grows({ bytesPerCall: 1422 }).evidence()`. Everything
 * said of a subject follows its `calls`.
 */
export class HeapBuilder {
  readonly #told: Told[] = [];
  readonly #growths: ((rounds: readonly HeapRound[]) => HeapGrowth)[] = [];
  readonly #handles: ((rounds: readonly HeapRound[]) => HandleGrowth)[] = [];
  readonly #trends: MemoryTrend[] = [];
  readonly #notCovered: string[] = [];
  #whySampling: string | null = null;
  #limits: HeapGrowthEvidence['limits'] = { heapBytes: 2 ** 31, memoryBytes: 8 * 2 ** 30 };

  /** A tool or a method that was called in all rounds; `session` is the life of sessions. */
  calls(name: string, manner: HeapManner = 'answered'): this {
    const kind = name === 'session' ? 'session' : name.includes('/') ? 'method' : 'tool';
    this.#told.push({ subject: { name, kind, manner }, freshArguments: true, errors: 0 });
    return this;
  }

  /** There was one set of arguments only. */
  withTheSameArguments(): this {
    this.#last.freshArguments = false;
    return this;
  }

  /** Each call leaves something behind: by default one object of 1,422 bytes in `Map "sessions"`, for ever. */
  grows(how: Grows = {}): this {
    const { subject } = this.#last;
    this.#growths.push((rounds) => {
      const perCall = how.objectsPerCall ?? 1;
      const index = this.#indexOf(subject);
      const counts = rounds.map((round) =>
        round.kind === 'warm-up' || (round.kind === 'repeat' && how.keyed === true)
          ? 0
          : perCall * (round.calls[index] ?? 0),
      );
      return growthOf(subject, counts, how);
    });
    return this;
  }

  /** The same, but the growth stops at `size` elements. */
  growsUpTo(size: number, how: Grows = {}): this {
    return this.grows({ ...how, bound: { kind: 'plateau', size, calls: FURTHER_CALLS } });
  }

  /** Something grows without calls: a timer feeds it, which calls of the last subject started (or nobody's). */
  growsByTime(
    how: Grows & { readonly startedBy?: 'last' | 'nobody'; readonly perSecond?: number } = {},
  ): this {
    const startedBy = how.startedBy === 'nobody' ? null : this.#last.subject;
    const perSecond = how.perSecond ?? 50;
    this.#growths.push((rounds) => ({
      ...growthOf(
        null,
        rounds.map((round) =>
          round.kind === 'warm-up' ? 0 : Math.round((perSecond * round.durationMs) / 1000),
        ),
        how,
      ),
      driver: 'time',
      proof: 'none',
      startedBy,
      objectsPerCall: 0,
      bytesPerCall: 0,
      objectsPerSecondIdle: perSecond,
      bytesPerSecondIdle: perSecond * 72,
    }));
    return this;
  }

  /** Each call leaves something open. */
  opens(
    how: Partial<Omit<HandleGrowth, 'subject' | 'readings' | 'site'>> & { readonly at?: string } = {},
  ): this {
    const { subject } = this.#last;
    const { at, ...given } = how;
    this.#handles.push((rounds) => {
      const perCall = how.perCall ?? 1;
      const index = this.#indexOf(subject);
      const readings = [3];
      for (const round of rounds)
        readings.push((readings.at(-1) ?? 0) + Math.round(perCall * (round.calls[index] ?? 0)));
      return {
        kind: 'socket',
        resource: 'TCPSocketWrap',
        proof: 'exact',
        perCall,
        bound: { kind: 'none', calls: FURTHER_CALLS, sizes: [] },
        ...given,
        subject,
        readings,
        site: framesAt(at),
      };
    });
    return this;
  }

  /** Bytes that no object explains, per call of the last subject. */
  trend(bytesPerCall: number, how: Partial<MemoryTrend> = {}): this {
    this.#trends.push({
      kind: 'rss',
      subject: this.#last.subject,
      bytesPerCall,
      low: bytesPerCall * 0.9,
      high: bytesPerCall * 1.1,
      readings: ROUNDS.map((_, i) => 60e6 + i * 20 * bytesPerCall),
      explainedBytesPerCall: 0,
      ...how,
    });
    return this;
  }

  /** No snapshot was taken. */
  sampledBecause(why: string): this {
    this.#whySampling = why;
    return this;
  }

  limitedTo(limits: Partial<HeapGrowthEvidence['limits']>): this {
    this.#limits = { ...this.#limits, ...limits };
    return this;
  }

  notCovered(sentence: string): this {
    this.#notCovered.push(sentence);
    return this;
  }

  heapGrowth(): HeapGrowthEvidence {
    const rounds = ROUNDS.map((kind, r): HeapRound => {
      const code = kind === 'repeat' ? 3 : r - 1;
      return {
        kind,
        durationMs: 500,
        calls: this.#told.map((_, i) =>
          kind === 'idle' ? 0 : kind === 'warm-up' ? 20 : (CODES[i % CODES.length]?.[code] ?? 0),
        ),
      };
    });
    const subjects = this.#told.map((told, i): HeapSubjectRecord => ({
      ...told.subject,
      calls: rounds.reduce((sum, round) => sum + (round.calls[i] ?? 0), 0) + FURTHER_CALLS,
      errors: told.errors,
      firstError: null,
      freshArguments: told.freshArguments,
    }));
    return {
      by: this.#whySampling === null ? 'snapshot' : 'sampling',
      whySampling: this.#whySampling,
      subjects,
      rounds,
      growths: this.#growths.map((make) => make(rounds)),
      trends: this.#trends,
      handles: this.#handles.map((make) => make(rounds)),
      timeline: [-1, ...rounds.keys()].flatMap((round) =>
        (['before', 'after'] as const).map((collected) => ({
          atMs: 1000 + round * 600 + (collected === 'after' ? 50 : 0),
          round,
          collected,
          heapUsedBytes: 20e6 + round * 50_000 + (collected === 'before' ? 2e6 : 0),
          externalBytes: 3e6,
          arrayBuffersBytes: 1e6,
          rssBytes: 90e6,
        })),
      ),
      limits: this.#limits,
      snapshots: this.#whySampling === null ? [{ pauseMs: 600, bytes: 12e6 }] : [],
      notCovered: this.#notCovered,
    };
  }

  /** With what every run has besides. */
  evidence(): EvidenceMap {
    let told = server();
    for (const { subject } of this.#told) told = told.tool(subject.name);
    return { ...told.evidence(), heapGrowth: this.heapGrowth() };
  }

  #indexOf(subject: HeapSubject): number {
    return this.#told.findIndex((told) => told.subject === subject);
  }

  get #last(): Told {
    const last = this.#told.at(-1);
    if (last === undefined) throw new Error('say who was called first: leakRun().calls(name)');
    return last;
  }
}

/** A run in which nothing grew, to be told more of. */
export function leakRun(): HeapBuilder {
  return new HeapBuilder();
}

function growthOf(subject: HeapSubject | null, counts: readonly number[], how: Grows): HeapGrowth {
  const { owner, element, at, bound, ...given } = how;
  const bytesPerCall = how.bytesPerCall ?? 1422;
  const described: GrowthElement = {
    kind: 'object',
    description: 'Object {close}',
    function: null,
    delayMs: null,
    ...element,
  };
  const holder: GrowthOwner | null =
    owner === null
      ? null
      : {
          kind: 'map',
          className: 'Map',
          name: 'sessions',
          file: `${CWD}/src/sessions.js`,
          size: counts.reduce((sum, count) => sum + count, 0),
          ...owner,
        };
  return {
    driver: 'calls',
    proof: 'exact',
    startedBy: null,
    objectsPerCall: 1,
    externalBytesPerCall: 0,
    objectsPerSecondIdle: 0,
    bytesPerSecondIdle: 0,
    keyed: false,
    holds: [
      { className: described.description, kind: described.kind, perCall: 1, bytesPerCall: bytesPerCall },
    ],
    path:
      holder === null
        ? []
        : [
            'module src/sessions.js',
            `${holder.className} "${holder.name ?? ''}"`,
            'entry',
            described.description,
          ],
    removals: 0,
    ...given,
    bytesPerCall,
    subject,
    counts,
    owner: holder,
    element: described,
    site: framesAt(at),
    bound: bound ?? { kind: 'none', calls: FURTHER_CALLS, sizes: [100, 200, 300, 400, 500] },
  };
}

function framesAt(at: string | readonly Frame[] | undefined): readonly Frame[] {
  if (at === undefined) return [];
  if (typeof at !== 'string') return at;
  const [file = '', line = '1', column = '5'] = at.split(':');
  return [{ function: 'handler', file: `${CWD}/${file}`, line: Number(line), column: Number(column) }];
}
