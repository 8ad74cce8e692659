import type { BlockingEvidence, CpuProfileEvidence, Frame, Stretch } from '../evidence/index.ts';
import { applicationFrame, type Home } from './frames.ts';
import { viewProfile, type ProfileView, type StackOptions } from './profile-view.ts';

/** What an agent recorded of the main thread: slices of time per subject, and the CPU profile of the same time. */
export interface RawBlocking {
  /** Index 0 is "no call"; the columns beside it have the same order. */
  readonly subjects: readonly string[];
  readonly calls: readonly number[];
  readonly onThreadMs: readonly number[];
  /** Without what the instrument itself cost. */
  readonly cpuMs: readonly number[];
  readonly callbackCostUs?: number;
  readonly sampleCostUs?: number;
  /** What was taken off for both. */
  readonly ownCpuMs?: readonly number[];
  readonly gcMs: readonly number[];
  readonly slices: {
    readonly subject: readonly number[];
    readonly call: readonly number[];
    readonly startedAtMs: readonly number[];
    readonly wallMs: readonly number[];
    readonly cpuMs: readonly number[];
    readonly hostDelayMs: readonly number[];
  };
  readonly droppedSlices: number;
  readonly gc: { readonly startedAtMs: readonly number[]; readonly durationMs: readonly number[] };
  readonly cpuClock: BlockingEvidence['cpuClock'];
  readonly observedMs: number;
  readonly profile: CpuProfileEvidence['profile'];
  readonly profileOffsetUs: number;
}

export interface JoinOptions extends StackOptions {
  /** Tells the server's own code from its dependencies. Without it, everything outside node_modules is its own. */
  readonly home?: Home;
  /** Shorter slices count only in the sums. Default 10: half of the shortest stretch that any detector asks about. */
  readonly thresholdMs?: number;
  /** At most this many stretches are kept, the longest. Default 5,000. */
  readonly maxStretches?: number;
}

const LONGEST_KEPT_PER_SUBJECT = 1000;
const DRIVER_CALLS_KEPT = 20_000;

/** Joins slices and profile by time: each stretch with the stack that was hottest within it. */
export function joinBlocking(
  raw: RawBlocking,
  driverCalls: BlockingEvidence['driverCalls'],
  options: JoinOptions = {},
): { readonly blocking: BlockingEvidence; readonly cpuProfile: CpuProfileEvidence } {
  const thresholdMs = options.thresholdMs ?? 10;
  const chosen = longestSlices(raw, thresholdMs);
  const kept = chosen.slice(0, options.maxStretches ?? 5000);
  const view = viewProfile(raw.profile, options);
  const state: JoinState = {
    view,
    gc: orderedGc(raw.gc),
    ownerOf: ownerLookup(view, options.home ?? { cwd: '', packages: [] }),
  };
  const blocking: BlockingEvidence = {
    subjects: subjectsOf(raw),
    ...instrumentCost(raw),
    unattributed: { cpuMs: raw.cpuMs[0] ?? 0, onThreadMs: raw.onThreadMs[0] ?? 0 },
    thresholdMs,
    stretches: kept.map((slice) => stretchOf(raw, slice, state)),
    droppedStretches: raw.droppedSlices + chosen.length - kept.length,
    observedMs: raw.observedMs,
    cpuClock: raw.cpuClock,
    driverCalls: driverCalls.slice(0, DRIVER_CALLS_KEPT),
  };
  return {
    blocking,
    cpuProfile: { profile: raw.profile, subjects: raw.subjects, sampleSubjects: sampleSubjects(raw, view) },
  };
}

function instrumentCost({
  callbackCostUs,
  sampleCostUs,
  ownCpuMs,
}: RawBlocking): Pick<BlockingEvidence, 'instrumentCpu'> {
  if (callbackCostUs === undefined || ownCpuMs === undefined) return {};
  const subtractedMs = ownCpuMs.reduce((sum, ms) => sum + ms, 0);
  const perSample = sampleCostUs === undefined ? {} : { perSampleUs: sampleCostUs };
  return { instrumentCpu: { perCallbackUs: callbackCostUs, ...perSample, subtractedMs } };
}

function subjectsOf(raw: RawBlocking): BlockingEvidence['subjects'] {
  return raw.subjects
    .map((name, i) => ({
      name,
      calls: raw.calls[i] ?? 0,
      cpuMs: raw.cpuMs[i] ?? 0,
      onThreadMs: raw.onThreadMs[i] ?? 0,
      gcMs: raw.gcMs[i] ?? 0,
      ...(raw.ownCpuMs === undefined ? {} : { instrumentCpuMs: raw.ownCpuMs[i] ?? 0 }),
      longestStretchesMs: longestPerCall(raw, i),
    }))
    .slice(1);
}

/** Whose slice each sample fell into; 0 between slices, and in those too short to have been recorded one by one. */
function sampleSubjects(raw: RawBlocking, view: ProfileView): number[] {
  const { startedAtMs, wallMs, subject } = raw.slices;
  const order = [...startedAtMs.keys()].sort(
    (a, b) => (startedAtMs[a] as number) - (startedAtMs[b] as number),
  );
  let next = 0;
  return Array.from(view.sampleTimesUs, (timeUs) => {
    const atMs = (timeUs + raw.profileOffsetUs) / 1000;
    const ended = (slice: number | undefined): boolean =>
      slice !== undefined && (startedAtMs[slice] ?? 0) + (wallMs[slice] ?? 0) < atMs;
    while (ended(order[next])) next++;
    const slice = order[next];
    return slice !== undefined && (startedAtMs[slice] as number) <= atMs ? (subject[slice] ?? 0) : 0;
  });
}

function longestSlices(raw: RawBlocking, thresholdMs: number): number[] {
  const { wallMs } = raw.slices;
  return [...wallMs.keys()]
    .filter((i) => (wallMs[i] as number) >= thresholdMs)
    .sort((a, b) => (wallMs[b] as number) - (wallMs[a] as number));
}

function longestPerCall(raw: RawBlocking, subject: number): number[] {
  const { slices } = raw;
  const perCall = new Map<number, number>();
  slices.subject.forEach((owner, i) => {
    // What the host took away meanwhile was not the call's doing.
    const heldMs = (slices.wallMs[i] ?? 0) - Math.max(0, slices.hostDelayMs[i] ?? 0);
    const call = slices.call[i] ?? 0;
    if (owner === subject && heldMs >= 1 && heldMs > (perCall.get(call) ?? 0)) perCall.set(call, heldMs);
  });
  return [...perCall.values()].sort((a, b) => b - a).slice(0, LONGEST_KEPT_PER_SUBJECT);
}

interface GcSpan {
  readonly startMs: number;
  readonly endMs: number;
}

/** The collections in order, those that overlap (one kind within another) as one. */
function orderedGc(gc: RawBlocking['gc']): GcSpan[] {
  const merged: GcSpan[] = [];
  const spans = gc.startedAtMs
    .map((startMs, i) => ({ startMs, endMs: startMs + (gc.durationMs[i] ?? 0) }))
    .sort((a, b) => a.startMs - b.startMs);
  for (const span of spans) {
    const last = merged.at(-1);
    if (last !== undefined && span.startMs <= last.endMs)
      merged[merged.length - 1] = { startMs: last.startMs, endMs: Math.max(last.endMs, span.endMs) };
    else merged.push(span);
  }
  return merged;
}

/** Index of the first element for which `after` holds; `after` must turn from false to true once. */
function firstIndex(length: number, after: (i: number) => boolean): number {
  let low = 0;
  let high = length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (after(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function gcWithin(spans: readonly GcSpan[], startMs: number, endMs: number): number {
  let sum = 0;
  for (let i = firstIndex(spans.length, (k) => (spans[k] as GcSpan).endMs > startMs); i < spans.length; i++) {
    const span = spans[i] as GcSpan;
    if (span.startMs >= endMs) break;
    sum += Math.min(span.endMs, endMs) - Math.max(span.startMs, startMs);
  }
  return sum;
}

interface JoinState {
  readonly view: ProfileView;
  readonly gc: readonly GcSpan[];
  /** The innermost application function of a profile node. */
  readonly ownerOf: (nodeId: number) => string;
}

function ownerLookup(view: ProfileView, home: Home): (nodeId: number) => string {
  const known = new Map<number, string>();
  return (nodeId) => {
    let owner = known.get(nodeId);
    if (owner === undefined) {
      const path = view.path(nodeId);
      const frame = applicationFrame(
        path.map((step) => step.frame),
        home,
      );
      owner = (path.find((step) => step.frame === frame) ?? path[0])?.functionKey ?? '';
      known.set(nodeId, owner);
    }
    return owner;
  };
}

function stretchOf(raw: RawBlocking, slice: number, state: JoinState): Stretch {
  const { slices } = raw;
  const startedAtMs = slices.startedAtMs[slice] ?? 0;
  const wallMs = slices.wallMs[slice] ?? 0;
  const cpuMs = slices.cpuMs[slice] ?? -1;
  const hostDelayMs = slices.hostDelayMs[slice] ?? -1;
  const subject = slices.subject[slice] ?? 0;
  return {
    subject: subject === 0 ? null : (raw.subjects[subject] ?? null),
    call: slices.call[slice] ?? 0,
    startedAtMs,
    wallMs,
    cpuMs: cpuMs < 0 ? null : cpuMs,
    hostDelayMs: hostDelayMs < 0 ? null : hostDelayMs,
    gcMs: gcWithin(state.gc, startedAtMs, startedAtMs + wallMs),
    ...hottestStack(raw, startedAtMs, startedAtMs + wallMs, state),
  };
}

interface Votes {
  weight: number;
  readonly paths: Map<number, number>;
}

/** Time votes per innermost application function, and within it per call path. */
function countVotes(raw: RawBlocking, startMs: number, endMs: number, state: JoinState): readonly Votes[] {
  const times = state.view.sampleTimesUs;
  const startUs = startMs * 1000 - raw.profileOffsetUs;
  const endUs = endMs * 1000 - raw.profileOffsetUs;
  const owners = new Map<string, Votes>();
  let previousUs = startUs;
  for (let i = firstIndex(times.length, (k) => (times[k] as number) > startUs); i < times.length; i++) {
    const timeUs = times[i] as number;
    if (timeUs > endUs) break;
    const nodeId = raw.profile.samples[i];
    if (nodeId !== undefined && state.view.path(nodeId).length > 0) {
      // On a starved host the sampler falls silent; the sample after the silence stands for all of it.
      const weight = Math.max(timeUs - previousUs, 1);
      const owner = state.ownerOf(nodeId);
      const votes = owners.get(owner) ?? { weight: 0, paths: new Map<number, number>() };
      votes.weight += weight;
      votes.paths.set(nodeId, (votes.paths.get(nodeId) ?? 0) + weight);
      owners.set(owner, votes);
    }
    previousUs = timeUs;
  }
  return [...owners.values()];
}

/** Of the application function with most time, since one function's time is spread over many leaves, its hottest path. */
function hottestStack(
  raw: RawBlocking,
  startMs: number,
  endMs: number,
  state: JoinState,
): { stack: readonly Frame[]; stackShare: number } {
  const owners = countVotes(raw, startMs, endMs, state);
  const [first, ...others] = owners;
  if (first === undefined) return { stack: [], stackShare: 0 };
  const hottest = others.reduce((best, votes) => (votes.weight > best.weight ? votes : best), first);
  const [nodeId] = [...hottest.paths].reduce((best, path) => (path[1] > best[1] ? path : best));
  const total = owners.reduce((sum, votes) => sum + votes.weight, 0);
  return { stack: state.view.path(nodeId).map((step) => step.frame), stackShare: hottest.weight / total };
}
