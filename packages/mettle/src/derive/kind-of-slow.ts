import type {
  BlockingEvidence,
  EvidenceMap,
  LatencyRecord,
  ServerTime,
  SlowKind,
  SubjectWaits,
  TimeUse,
  ToolTime,
  WaitPart,
} from '../evidence/index.ts';
import { median } from '../stats/order.ts';
import { holdsOf } from './stretches.ts';

/** From here on the figures are more the host's than the server's, and nothing is concluded from them. */
const HOST_SHARE = 0.5;
/** A collector that takes a third of the thread's time takes half as much again as the code that it serves: allocating less is what helps. */
const GC_SHARE = 1 / 3;
/** Things waited for that are told apart; the rest is in the sum. */
const MAX_PARTS = 10;

type Evidence = Readonly<Partial<EvidenceMap>>;

/** Where the time of a call goes: parts that do not overlap, ms. */
interface Parts {
  readonly cpuMs: number;
  readonly gcMs: number;
  readonly blockedMs: number;
  readonly hostDelayMs: number;
  readonly waits: readonly {
    readonly kind: WaitPart['kind'];
    readonly what: string | null;
    readonly ms: number;
  }[];
}

/** What kind of slow each subject is, from figures without an instrument where there are any. Absent: not seen from inside. */
export function toolTimes(evidence: Evidence): ReadonlyMap<string, ToolTime> {
  const names = new Set([
    ...(evidence.latency?.subjects.flatMap((record) =>
      record.latencyMs === null ? [] : [record.subject.name],
    ) ?? []),
    ...(evidence.waiting?.alone.subjects.map((subject) => subject.name) ?? []),
  ]);
  return new Map(
    [...names].flatMap((name) => {
      const parts = partsAlone(evidence, name);
      return parts === null ? [] : [[name, { ...timeUse(parts), together: together(evidence, name, parts) }]];
    }),
  );
}

/** The same of the whole server: the tools' calls in the proportions of the mix. Null when nothing was seen from inside. */
export function serverTime(evidence: Evidence): ServerTime | null {
  const tools = new Set(
    evidence.exercise?.subjects.filter(({ kind }) => kind === 'tool').map(({ name }) => name) ?? [],
  );
  const weights = evidence.mixedLatency?.weights ?? {};
  const parts = [...tools].flatMap((name) => {
    const alone = partsAlone(evidence, name);
    return alone === null ? [] : [{ alone, weight: weights[name] ?? 1 }];
  });
  const calls = parts.reduce((sum, { weight }) => sum + weight, 0);
  if (calls === 0) return null;
  const mean = (of: (part: Parts) => number): number =>
    parts.reduce((sum, { alone, weight }) => sum + of(alone) * weight, 0) / calls;
  const use = timeUse({
    cpuMs: mean((part) => part.cpuMs),
    gcMs: mean((part) => part.gcMs),
    blockedMs: mean((part) => part.blockedMs),
    hostDelayMs: mean((part) => part.hostDelayMs),
    waits: merge(
      parts.flatMap(({ alone, weight }) =>
        alone.waits.map((wait) => ({ ...wait, ms: (wait.ms * weight) / calls })),
      ),
    ),
  });
  return { ...use, tools: parts.length };
}

/** A call by itself. CPU comes from the calls without an instrument, what it waits for from the traced ones. */
function partsAlone({ latency, blocking, waiting }: Evidence, name: string): Parts | null {
  const timed = latency?.subjects.find((record) => record.subject.name === name);
  const watched = blocking?.subjects.find((record) => record.name === name);
  const traced = waiting?.alone.subjects.find((record) => record.name === name);
  if (traced === undefined && (watched === undefined || timed?.latencyMs == null)) return null;
  const seen = traced === undefined ? null : perCall(traced);
  const watchedCalls = Math.max(1, watched?.calls ?? 0);
  const threadMs =
    timed?.mainCpuMsPerCall ??
    (watched === undefined || watched.calls === 0 ? (seen?.onThreadMs ?? 0) : watched.cpuMs / watchedCalls);
  const gcMs = watched === undefined ? 0 : Math.min(threadMs, collectingCpuMs(watched) / watchedCalls);
  const blockedMs = heldWithoutComputingMs(blocking, name) / watchedCalls;
  const cpuMs = threadMs - gcMs;
  if (seen !== null)
    return {
      cpuMs,
      gcMs,
      blockedMs: blockedMs + seen.loopMs,
      hostDelayMs: seen.hostDelayMs,
      waits: seen.waits,
    };
  // Not traced: all that is known of its waiting is how long it takes.
  const restMs = Math.max(0, (timed?.latencyMs?.p50 ?? 0) - threadMs - blockedMs);
  const hostDelayMs = Math.min(restMs, timed === undefined ? 0 : delayOf(timed));
  const waits = [{ kind: 'other' as const, what: null, ms: restMs - hostDelayMs }];
  return { cpuMs, gcMs, blockedMs, hostDelayMs, waits };
}

/** Collections are timed by the clock on the wall; where the host delays the thread, they last longer than they compute. */
function collectingCpuMs({ gcMs, cpuMs, onThreadMs }: BlockingEvidence['subjects'][number]): number {
  return onThreadMs === 0 ? gcMs : gcMs * Math.min(1, cpuMs / onThreadMs);
}

/** How long the host typically delayed a call; of the slowest calls, which alone have it on record. */
function delayOf({ slowest }: LatencyRecord): number {
  const known = slowest.flatMap(({ hostDelayMs }) => (hostDelayMs === null ? [] : [hostDelayMs]));
  return known.length === 0 ? 0 : median(known);
}

/** Several calls of the tool in flight: what each of them waits for then. */
function together({ waiting }: Evidence, name: string, alone: Parts): ToolTime['together'] {
  const traced = waiting?.together.subjects.find((record) => record.name === name);
  if (waiting === undefined || traced === undefined || traced.calls < 2) return null;
  const { waits, loopMs, hostDelayMs } = perCall(traced);
  const { cpuMs, gcMs, blockedMs } = alone;
  const use = timeUse({ cpuMs, gcMs, blockedMs: blockedMs + loopMs, hostDelayMs, waits });
  return { ...use, inFlight: waiting.together.inFlight, poolThreads: waiting.together.threadPool.threads };
}

function perCall({ calls, onThreadMs, hostDelayMs, waits }: SubjectWaits): {
  readonly onThreadMs: number;
  readonly hostDelayMs: number;
  readonly loopMs: number;
  readonly waits: Parts['waits'];
} {
  const each = waits.map((wait) => ({ ...wait, ms: wait.ms / calls }));
  // Held by somebody else's code: that is no waiting for anything outside.
  const loop = each.filter(({ kind }) => kind === 'event-loop');
  return {
    onThreadMs: onThreadMs / calls,
    hostDelayMs: hostDelayMs / calls,
    loopMs: loop.reduce((sum, { ms }) => sum + ms, 0),
    waits: each.filter(({ kind }) => kind !== 'event-loop'),
  };
}

/** Time for which the subject's calls kept the loop while they waited: a synchronous call of another process, a lock. */
function heldWithoutComputingMs(blocking: BlockingEvidence | undefined, name: string): number {
  if (blocking === undefined) return 0;
  return holdsOf(blocking)
    .filter(({ stretch }) => stretch.subject === name)
    .reduce((sum, { stretch, costMs }) => sum + Math.max(0, costMs - (stretch.cpuMs ?? costMs)), 0);
}

function merge(waits: Parts['waits']): Parts['waits'] {
  const things = new Map<string, { kind: WaitPart['kind']; what: string | null; ms: number }>();
  for (const { kind, what, ms } of waits) {
    const key = `${kind} ${what ?? ''}`;
    const thing = things.get(key);
    if (thing === undefined) things.set(key, { kind, what, ms });
    else thing.ms += ms;
  }
  return [...things.values()];
}

function timeUse({ cpuMs, gcMs, blockedMs, hostDelayMs, waits }: Parts): TimeUse {
  const waitingMs = waits.reduce((sum, { ms }) => sum + ms, 0);
  const totalMs = cpuMs + gcMs + blockedMs + waitingMs + hostDelayMs;
  const waitsFor = waits
    .toSorted((a, b) => b.ms - a.ms)
    .slice(0, MAX_PARTS)
    .map((wait) => ({ ...wait, share: totalMs === 0 ? 0 : wait.ms / totalMs }));
  const kind = kindOf({ cpuMs, gcMs, blockedMs, hostDelayMs, waitingMs });
  return { kind, totalMs, cpuMs, gcMs, blockedMs, waitingMs, hostDelayMs, waitsFor };
}

/** The largest part, unless the host had most of it. Waiting is a kind of slow like the others: no CPU is no health. */
function kindOf(parts: Omit<TimeUse, 'kind' | 'totalMs' | 'waitsFor'>): SlowKind {
  const { cpuMs, gcMs, blockedMs, hostDelayMs, waitingMs } = parts;
  const threadMs = cpuMs + gcMs;
  if (hostDelayMs > HOST_SHARE * (threadMs + blockedMs + waitingMs + hostDelayMs)) return 'host-starved';
  if (waitingMs > threadMs && waitingMs >= blockedMs) return 'waiting';
  if (blockedMs > threadMs) return 'blocked-event-loop';
  return threadMs > 0 && gcMs >= GC_SHARE * threadMs ? 'gc-bound' : 'cpu-bound';
}
