import type {
  BlockingEvidence,
  EvidenceKey,
  EvidenceMap,
  Frame,
  LatencyRecord,
  OverlapRecord,
  StdoutEvidence,
  Stretch,
  Subject,
  TimedCall,
} from '../../src/evidence/index.ts';
import { batchRounds, type Together } from './batches.ts';
import { COMPUTING, CWD } from './frames.ts';

type DriverCall = BlockingEvidence['driverCalls'][number];
type Rounds = EvidenceMap['concurrency']['subjects'][number]['rounds'];

/** How a stretch differs from plain computing. All but `times` hold for each stretch. */
export interface BlockDetails {
  /** In how many calls; default all. */
  readonly times?: number;
  readonly stack?: readonly Frame[];
  /** Waiting on the main thread, beside the CPU. */
  readonly waitMs?: number;
  /** Standing in the host's run queue; null = unknown. */
  readonly hostDelayMs?: number | null;
  readonly gcMs?: number;
}

export interface AloneDetails {
  readonly calls?: number;
  readonly p50: number;
  readonly p99?: number;
  readonly slowest?: readonly { readonly latencyMs: number; readonly hostDelayMs: number | null }[];
  readonly cpuMs?: number | null;
}

interface Told {
  readonly subject: Subject;
  calls: number;
  latency: LatencyRecord | null;
  mixed: LatencyRecord | null;
  rounds: Rounds;
  overlap: OverlapRecord | null;
}

/** A server told in sentences: `server().tool('hash').called(40).blocks(120).evidence()`. Everything said of a tool follows its `tool`. */
export class ServerBuilder {
  readonly #subjects: Told[] = [];
  readonly #stretches: Stretch[] = [];
  readonly #driverCalls: DriverCall[] = [];
  #stdout: StdoutEvidence = { messages: 100, count: 0, lines: [], writers: [] };
  #clock: BlockingEvidence['cpuClock'] = 'schedstat';
  #loadAverage = 0.5;
  #agentClockMs = 1000;
  #command: readonly string[] = ['node', 'src/server.js'];

  tool(name: string): this {
    this.#subjects.push({
      subject: { name, kind: name.includes('/') ? 'method' : 'tool' },
      calls: 0,
      latency: null,
      mixed: null,
      rounds: [],
      overlap: null,
    });
    return this;
  }

  /** Calls while the main thread was watched. */
  called(calls: number): this {
    this.#last.calls = calls;
    return this;
  }

  /** Its calls hold the loop: `cpuMs` of computing each, and what the details add. */
  blocks(cpuMs: number, details: BlockDetails = {}): this {
    const last = this.#last;
    for (let i = 0; i < (details.times ?? last.calls); i++)
      this.#stretch(last.subject.name, i + 1, cpuMs, details);
    return this;
  }

  /** A callback that no call started holds the loop. */
  timerBlocks(cpuMs: number, details: BlockDetails & { readonly times: number }): this {
    for (let i = 0; i < details.times; i++) this.#stretch(null, 0, cpuMs, details);
    return this;
  }

  #stretch(subject: string | null, call: number, cpuMs: number, details: BlockDetails): void {
    const hostDelayMs = details.hostDelayMs === undefined ? 0 : details.hostDelayMs;
    const wallMs = cpuMs + (details.waitMs ?? 0) + (hostDelayMs ?? 0);
    this.#stretches.push({
      subject,
      call,
      startedAtMs: this.#agentClockMs,
      wallMs,
      cpuMs,
      hostDelayMs,
      gcMs: details.gcMs ?? 0,
      stack: details.stack ?? COMPUTING,
      stackShare: 0.9,
    });
    this.#agentClockMs += wallMs + 500;
  }

  /** Calls of the tool as the driver saw them, one within each of `of`'s stretches told so far. */
  waitsDuring(of: string | null, times: number = Number.POSITIVE_INFINITY): this {
    const name = this.#last.subject.name;
    for (const stretch of this.#stretches.filter((entry) => entry.subject === of).slice(0, times)) {
      this.#driverCalls.push({
        subject: name,
        sentAtMs: stretch.startedAtMs - 1,
        receivedAtMs: stretch.startedAtMs + stretch.wallMs + 1,
        ok: true,
      });
    }
    return this;
  }

  /** Calls of the tool that met nobody. */
  undisturbed(times: number): this {
    for (let i = 0; i < times; i++)
      this.#driverCalls.push({
        subject: this.#last.subject.name,
        sentAtMs: 1e7 + 10 * i,
        receivedAtMs: 1e7 + 10 * i + 1,
        ok: true,
      });
    return this;
  }

  /** Its latencies when called one at a time. */
  alone(details: AloneDetails): this {
    this.#last.latency = latencyRecord(this.#last.subject, details);
    return this;
  }

  /** Its latencies among all others. */
  amongOthers(details: AloneDetails): this {
    this.#last.mixed = latencyRecord(this.#last.subject, details);
    return this;
  }

  /** Rounds of calls sent together. */
  together(how: Together): this {
    this.#last.rounds = batchRounds(how);
    return this;
  }

  /** What was seen inside of eight calls in flight; by default all of them had work outstanding. */
  seenInside(record: Partial<Omit<OverlapRecord, 'name'>> = {}): this {
    this.#last.overlap = {
      name: this.#last.subject.name,
      inFlight: 8,
      maxOutstanding: 8,
      callsWithoutOperation: 0,
      waits: [],
      holders: [],
      ...record,
    };
    return this;
  }

  prints(stdout: Partial<StdoutEvidence>): this {
    this.#stdout = { ...this.#stdout, ...stdout };
    return this;
  }

  clockedBy(clock: BlockingEvidence['cpuClock']): this {
    this.#clock = clock;
    return this;
  }

  onBusyMachine(loadAverage = 9): this {
    this.#loadAverage = loadAverage;
    return this;
  }

  startedBy(...command: string[]): this {
    this.#command = command;
    return this;
  }

  /** Everything told, as evidence. Keys in `without` were not taken. */
  evidence(without: readonly EvidenceKey[] = []): EvidenceMap {
    const all: Omit<
      EvidenceMap,
      | 'bench'
      | 'comparison'
      | 'heapComparison'
      | 'lookingCost'
      | 'thresholds'
      | 'inProcess'
      | 'race'
      | 'probe'
      | 'history'
      | 'waiting'
      | 'heapGrowth'
      | 'memoryWatch'
    > = {
      target: this.#target(),
      reach: {
        phases: [
          { phase: 'spawn', durationMs: 30 },
          { phase: 'handshake', durationMs: 120 },
        ],
        failed: null,
      },
      catalogue: {
        tools: [],
        resources: [],
        resourceTemplates: [],
        prompts: [],
        toolsListPages: 1,
        toolsListBytes: 2048,
        faults: [],
      },
      exercise: {
        subjects: this.#subjects.map(({ subject }) => ({
          ...subject,
          exercised: true,
          reason: null,
          arguments: 'schema',
          outcomes: null,
        })),
      },
      stdout: this.#stdout,
      latency: { subjects: this.#subjects.flatMap(({ latency }) => latency ?? []) },
      mixedLatency: {
        inFlight: 8,
        durationMs: 1000,
        weights: {},
        subjects: this.#subjects.flatMap(({ mixed }) => mixed ?? []),
      },
      concurrency: {
        subjects: this.#subjects
          .filter(({ rounds }) => rounds.length > 0)
          .map(({ subject, rounds }) => ({ subject, rounds })),
      },
      blocking: this.#blocking(),
      overlap: { subjects: this.#subjects.flatMap(({ overlap }) => overlap ?? []) },
      process: { readings: [] },
      sources: { files: {}, unread: [] },
      cpuProfile: {
        profile: { nodes: [], startTime: 0, endTime: 0, samples: [], timeDeltas: [] },
        subjects: [''],
        sampleSubjects: [],
      },
    };
    return Object.fromEntries(
      Object.entries(all).filter(([key]) => !without.includes(key as EvidenceKey)),
    ) as unknown as EvidenceMap;
  }

  #blocking(): BlockingEvidence {
    return {
      subjects: this.#subjects
        .filter(({ calls }) => calls > 0)
        .map(({ subject, calls }) => ({
          name: subject.name,
          calls,
          cpuMs: 0,
          onThreadMs: 0,
          gcMs: 0,
          longestStretchesMs: [],
        })),
      unattributed: { cpuMs: 0, onThreadMs: 0 },
      thresholdMs: 10,
      stretches: this.#stretches.toSorted((a, b) => b.wallMs - a.wallMs),
      droppedStretches: 0,
      observedMs: 30_000,
      cpuClock: this.#clock,
      driverCalls: this.#driverCalls,
    };
  }

  #target(): EvidenceMap['target'] {
    return {
      kind: 'stdio',
      command: this.#command,
      url: null,
      cwd: CWD,
      targetArguments: `-- ${this.#command.join(' ')}`,
      node: 'v20.20.2',
      server: { name: 'shop', version: '1.0.0' },
      protocolVersion: '2025-11-25',
      era: '2025',
      capabilities: {},
      sdk: null,
      agent: { attached: true, pid: 1, node: 'v20.20.2', instruments: [] },
      machine: { cores: 2, platform: 'linux', loadAverage1m: this.#loadAverage, node: 'v20.20.2' },
    };
  }

  get #last(): Told {
    const last = this.#subjects.at(-1);
    if (last === undefined) throw new Error('say which tool first: server().tool(name)');
    return last;
  }
}

/** A healthy server without tools, to be told more of. */
export function server(): ServerBuilder {
  return new ServerBuilder();
}

function latencyRecord(subject: Subject, details: AloneDetails): LatencyRecord {
  const calls = details.calls ?? 400;
  const p99 = details.p99 ?? details.p50 * 1.5;
  const slowest: readonly TimedCall[] = (details.slowest ?? []).map((call, i) => ({
    sentAtMs: i,
    ok: true,
    ...call,
  }));
  return {
    subject,
    outcomes: { calls, errors: 0, errorKinds: {}, firstError: null },
    histogram: null,
    latencyMs: { p50: details.p50, p90: details.p50, p95: details.p50, p99, max: p99, mean: details.p50 },
    slowest,
    mainCpuMsPerCall: details.cpuMs === undefined ? 0.2 : details.cpuMs,
    processCpuMsPerCall: null,
  };
}
