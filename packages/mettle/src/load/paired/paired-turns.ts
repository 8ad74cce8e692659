import type { PairedFigures, SideFigures } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import {
  ascending,
  interquartileMean,
  median,
  medianAbsoluteDeviation,
  quantile,
} from '../../stats/index.ts';
import type { CallSource } from '../load.ts';
import { burstTurn, SideTally, soloTurn, type DriverClock, type PairedSide } from './turn.ts';

export interface PairedTurnsOptions {
  readonly untilMs: number;
  readonly driver: DriverClock;
  /** Which side begins; alternates from pair to pair. */
  readonly candidateFirst: boolean;
  /** Calls at once in the turns that show throughput; 0 for none. */
  readonly inFlight: number;
}

/** Where two neighbouring turns would be too far apart in time for the machine to be the same, they get shorter. */
const CALLS_PER_TURN = 5;
const LONG_CALL_MS = 10;
const VERY_LONG_CALL_MS = 50;
/** Of a subject's turns, one in so many has calls at once: throughput needs fewer than the tail does. */
const BURST_EVERY = 5;
/** Fewer turns do not tell how they scatter. */
const LEAST_TURNS = 5;
/** From a median absolute deviation to a normal's standard deviation, and the variance of a robust mean to the mean's. */
const NORMAL_SPREAD = 1.4826;
const ROBUST_COST = 1.3;
/** What is no tool, such as tools/list, is called far less in use, and seldom what changed. */
const METHOD_WEIGHT = 0.25;
/** A call counts for the tail when it takes this many times what 95 of 100 calls take at most. */
const TAIL_FACTOR = 2;
/**
 * When calls wait for the host for more than this part of their time, in the median, what the client sees is mostly the
 * host. Judged over both sides together, so that it favours neither. Measured, scatter of the ratio of two servers alike
 * over pairs, on two cores: with four processes at work 1.0–1.4 % for the quartile as seen and 1.1–2.9 % for
 * the median without delays; with twenty at work 9–24 % against 4.5–6.5 %.
 */
const STARVED_SHARE = 0.6;

interface Course {
  readonly baseline: CallSource;
  readonly candidate: CallSource;
  readonly tallies: { readonly baseline: SideTally; readonly candidate: SideTally };
  readonly seen: number[];
  readonly net: number[];
  readonly throughput: number[];
  rounds: number;
  soloTurns: number;
  calls: number;
  usedMs: number;
  readonly weight: number;
  callMs: number;
}

/**
 * Calls both sides in turns until the time is up: every tool that both have gets as much time as the next, and the
 * turns of the two sides lie next to each other, in the order A B B A.
 */
export async function runPairedTurns(
  baseline: PairedSide,
  candidate: PairedSide,
  options: PairedTurnsOptions,
): Promise<readonly PairedFigures[]> {
  const courses = sharedCourses(baseline, candidate);
  const { signal } = candidate.context;
  while (courses.length > 0 && monotonicMs() < options.untilMs && !signal.aborted) {
    const course = courses.reduce((least, other) => (other.usedMs < least.usedMs ? other : least));
    const startedMs = monotonicMs();
    await round(course, { baseline, candidate }, options);
    course.usedMs += (monotonicMs() - startedMs) / course.weight;
    if (isVain(course)) course.usedMs = Infinity;
    if (courses.every(({ usedMs }) => usedMs === Infinity)) break;
  }
  return courses.map(figuresOf);
}

function sharedCourses(baseline: PairedSide, candidate: PairedSide): readonly Course[] {
  return baseline.sources.flatMap((source): Course[] => {
    const other = candidate.sources.find(({ subject }) => subject.name === source.subject.name);
    if (other === undefined) return [];
    return [
      {
        baseline: source,
        candidate: other,
        tallies: { baseline: new SideTally(), candidate: new SideTally() },
        seen: [],
        net: [],
        throughput: [],
        rounds: 0,
        soloTurns: 0,
        calls: 0,
        usedMs: 0,
        weight: source.subject.kind === 'tool' || baseline.sources.length === 1 ? 1 : METHOD_WEIGHT,
        callMs: 0,
      },
    ];
  });
}

async function round(
  course: Course,
  sides: { readonly baseline: PairedSide; readonly candidate: PairedSide },
  options: PairedTurnsOptions,
): Promise<void> {
  const burst = options.inFlight > 1 && course.rounds % BURST_EVERY === BURST_EVERY - 1;
  const calls = burst ? options.inFlight : callsPerTurn(course.callMs);
  const turn = { firstCall: course.calls, calls, driver: options.driver };
  // A B, B A, A B, …: with the next round this makes A B B A. The pair's number turns it round for the start.
  const candidateFirst = (course.rounds % 2 === 1) !== options.candidateFirst;
  course.rounds++;
  course.calls += calls;
  if (burst) {
    const [a, b] = await inOrder(candidateFirst, (side) =>
      burstTurn(sides[side], course[side], course.tallies[side], turn),
    );
    if (a !== null && b !== null) course.throughput.push(Math.log(a / b));
    return;
  }
  const [a, b] = await inOrder(candidateFirst, (side) =>
    soloTurn(sides[side], course[side], course.tallies[side], turn),
  );
  course.soloTurns++;
  if (a === null || b === null) return;
  course.seen.push(Math.log(b.quartileMs / a.quartileMs));
  // Where all of a turn was the host's delay there is nothing left to compare.
  if (a.netMedianMs > 0 && b.netMedianMs > 0) course.net.push(Math.log(b.netMedianMs / a.netMedianMs));
  course.callMs = Math.max(a.quartileMs, b.quartileMs);
}

async function inOrder<T>(
  candidateFirst: boolean,
  take: (side: 'baseline' | 'candidate') => Promise<T>,
): Promise<readonly [T, T]> {
  const first = await take(candidateFirst ? 'candidate' : 'baseline');
  const second = await take(candidateFirst ? 'baseline' : 'candidate');
  return candidateFirst ? [second, first] : [first, second];
}

function callsPerTurn(callMs: number): number {
  if (callMs > VERY_LONG_CALL_MS) return 1;
  return callMs > LONG_CALL_MS ? 3 : CALLS_PER_TURN;
}

/** Three turns of a side without a success: the subject will not get better. */
function isVain({ tallies, soloTurns }: Course): boolean {
  return (
    soloTurns >= 3 && [tallies.baseline, tallies.candidate].some(({ outcomes }) => outcomes.successes === 0)
  );
}

function figuresOf(course: Course): PairedFigures {
  const { baseline, candidate } = course.tallies;
  const [netA, netB] = [ascending(baseline.netMs), ascending(candidate.netMs)];
  const judged = netA.length > 0 && netB.length > 0;
  // The lesser of both, so that neither side's own tail hides itself, and none is favoured.
  const markMs = judged ? TAIL_FACTOR * Math.min(quantile(netA, 0.95), quantile(netB, 0.95)) : null;
  const starved = isStarved(baseline, candidate);
  const latency = starved && course.net.length > 0 ? course.net : course.seen;
  const percentiles = (q: number): number | null =>
    judged ? logOf(quantile(netB, q), quantile(netA, q)) : null;
  return {
    subject: course.baseline.subject,
    baseline: sideFigures(baseline, markMs),
    candidate: sideFigures(candidate, markMs),
    turns: course.soloTurns,
    starved,
    logRatio: {
      latency: latency.length === 0 ? null : interquartileMean(latency),
      cpu: logOf(cpuPerCall(candidate, starved), cpuPerCall(baseline, starved)),
      throughput: course.throughput.length === 0 ? null : interquartileMean(course.throughput),
      p50: percentiles(0.5),
      p95: percentiles(0.95),
      p99: percentiles(0.99),
    },
    standardError: {
      latency: standardErrorOf(latency),
      cpu: standardErrorOf(cpuLogRatios(baseline, candidate)),
    },
    tailMarkMs: markMs,
  };
}

function sideFigures(tally: SideTally, markMs: number | null): SideFigures {
  const sorted = ascending(tally.latenciesMs);
  const counts = tally.outcomes.counts();
  return {
    calls: counts.calls,
    errors: counts.errors,
    firstError: counts.firstError,
    latencyMs:
      sorted.length === 0
        ? null
        : {
            p50: quantile(sorted, 0.5),
            p95: quantile(sorted, 0.95),
            p99: quantile(sorted, 0.99),
            max: sorted.at(-1) as number,
            mean: sorted.reduce((sum, value) => sum + value, 0) / sorted.length,
          },
    timedCalls: sorted.length,
    mainCpuMsPerCall: cpuPerCall(tally, false),
    throughputPerSecond: tally.burstMs === 0 ? null : (tally.burstCalls / tally.burstMs) * 1000,
    overMark: markMs === null ? 0 : tally.netMs.filter((value) => value > markMs).length,
  };
}

/** Of all turns, so that the collector's share is in it; of their middle half where the host spoils whole turns. */
function cpuPerCall({ cpuMsPerCall }: SideTally, starved: boolean): number | null {
  if (cpuMsPerCall === null || cpuMsPerCall.length === 0) return null;
  if (starved) return interquartileMean(cpuMsPerCall);
  return cpuMsPerCall.reduce((sum, value) => sum + value, 0) / cpuMsPerCall.length;
}

function cpuLogRatios(baseline: SideTally, candidate: SideTally): readonly number[] {
  const [a, b] = [baseline.cpuMsPerCall ?? [], candidate.cpuMsPerCall ?? []];
  return a.flatMap((before, i) => logOf(b[i] ?? null, before) ?? []);
}

/** Of a robust mean, by the spread of the middle of the values. */
function standardErrorOf(values: readonly number[]): number | null {
  if (values.length < LEAST_TURNS) return null;
  return (
    (NORMAL_SPREAD * medianAbsoluteDeviation(values) * Math.sqrt(ROBUST_COST)) / Math.sqrt(values.length)
  );
}

function isStarved(baseline: SideTally, candidate: SideTally): boolean {
  const shares = [baseline, candidate].flatMap(({ latenciesMs, netMs }) =>
    latenciesMs.map((latencyMs, i) => 1 - (netMs[i] as number) / latencyMs),
  );
  return shares.length > 0 && median(shares) > STARVED_SHARE;
}

function logOf(over: number | null, under: number | null): number | null {
  return over === null || under === null || over <= 0 || under <= 0 ? null : Math.log(over / under);
}
