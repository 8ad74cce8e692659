import { monitorEventLoopDelay, type IntervalHistogram } from 'node:perf_hooks';
import type { BlockFigures, LittlesLaw, LoadShape, TargetUse } from '../../evidence/index.ts';
import { channelNow } from '../../session/channel/channel.ts';
import { LatencyHistogram, seededRandom } from '../../stats/index.ts';
import { difference } from '../latency-tally.ts';
import { durationOf } from './arrivals.ts';
import { BlockRecord } from './block-record.ts';
import { driveClosed } from './closed-loop.ts';
import { distrustOf } from './distrust.ts';
import type { Driver, InsideFigures } from './driver.ts';
import { Encoder } from './encoder.ts';
import { LoadRun } from './load-run.ts';
import type { Mix } from './mix.ts';
import { driveOpen } from './open-loop.ts';
import { startPacer, type Pacer } from './pacer.ts';
import { driveReplay, type Replay } from './replay-loop.ts';

/** What is told while a block runs, some times a second. */
export interface LiveFigures {
  readonly elapsedMs: number;
  readonly calls: number;
  readonly failed: number;
  readonly ratePerSecond: number;
  readonly p50Ms: number | null;
  readonly p99Ms: number | null;
  readonly inFlight: number;
}
export interface BlockOptions {
  readonly shape: LoadShape;
  /** What is made again, where the shape is a replay. */
  readonly replay?: Replay;
  /** A closed loop ends when the first of these is reached; an open one with its stages. */
  readonly durationMs?: number;
  readonly calls?: number;
  readonly callTimeoutMs: number;
  readonly seed: number;
  readonly signal: AbortSignal;
  /** Which server, where there are several. */
  readonly variant?: string;
  readonly onProgress?: (live: LiveFigures) => void;
}

/** Between the making of a schedule and its beginning. */
const NOTICE_MS = 20;
/** In flight is looked at, and time-outs for, so often. */
const TICK_MS = 20;
/** Of a driver's own timers, by which its lateness is known in a closed loop. */
const DELAY_RESOLUTION_MS = 5;
/** Little's law holds within this of a block that is steady: sampling so often leaves a few per cent. */
const LITTLE_GAP = 0.1;
/** A block in which calls can be told apart from its edges. */
const LITTLE_FEWEST_CALLS = 50;

/** Drives one block of calls and returns its figures. Nothing that a server does makes it throw. */
export async function measureBlock(driver: Driver, mix: Mix, options: BlockOptions): Promise<BlockFigures> {
  const { shape, signal } = options;
  const pacer = shape.kind === 'closed' ? null : await startPacer();
  await driver.inside?.begin();
  const lateness = new LatencyHistogram();
  const delay = shape.kind === 'closed' ? monitorEventLoopDelay({ resolution: DELAY_RESOLUTION_MS }) : null;
  const expectedMs =
    shape.kind === 'open'
      ? durationOf(shape)
      : shape.kind === 'replay'
        ? shape.durationMs
        : (options.durationMs ?? 0);
  const ends = shape.kind === 'closed' && options.durationMs !== undefined;
  const parsedBefore = parsedAnswers(driver);
  delay?.enable();
  const before = { clocks: readClocks(driver), cpu: process.cpuUsage() };
  // What runs for the first time takes milliseconds; the first call is not to wait for it.
  const startMs = channelNow() + (pacer === null ? 0 : NOTICE_MS);
  const record = new BlockRecord(mix.subjects, startMs, expectedMs);
  const run = new LoadRun(driver, mix, record, new Encoder(mix), {
    calls: options.calls ?? Infinity,
    untilMs: ends ? startMs + expectedMs : Infinity,
    inFlight: shape.kind === 'closed' ? shape.connections * shape.inFlight : shape.connections,
    signal,
  });
  const watch = watchOver(run, options, startMs);
  await Promise.race([drive(run, options, { startMs, pacer, lateness }), watch.cutShort]);
  watch.stop();
  const endMs = Math.max(record.lastEndMs, startMs + 0.001);
  const unfinished = run.abandon();
  const used = { clocks: readClocks(driver), cpu: process.cpuUsage(before.cpu) };
  delay?.disable();
  record.timeline.turn(channelNow(), record.inFlight, true);
  await pacer?.stop();
  const inside = (await driver.inside?.end()) ?? null;
  return figuresOf({
    run,
    options,
    startMs,
    endMs,
    unfinished,
    expectedMs,
    inside,
    lateness: latenessOf(lateness, delay),
    lateSumMs: (lateness.quantilesMs()?.mean ?? 0) * lateness.count,
    driverCpuMs: (used.cpu.user + used.cpu.system) / 1000,
    parsed: parsedAnswers(driver) - parsedBefore,
    before: before.clocks,
    after: used.clocks,
  });
}

function drive(
  run: LoadRun,
  { shape, seed, replay }: BlockOptions,
  {
    startMs,
    pacer,
    lateness,
  }: { readonly startMs: number; readonly pacer: Pacer | null; readonly lateness: LatencyHistogram },
): Promise<void> {
  if (shape.kind === 'closed') return driveClosed(run, shape, seededRandom(seed));
  if (pacer === null) throw new Error('an open loop without a pacer');
  if (shape.kind === 'open')
    return driveOpen(run, { shape, startMs, pacer, random: seededRandom(seed), lateness });
  if (replay === undefined) throw new Error('a replay without a recording');
  return driveReplay(run, { ...replay, startMs, pacer, lateness });
}

interface Ended {
  readonly run: LoadRun;
  readonly options: BlockOptions;
  readonly startMs: number;
  readonly endMs: number;
  readonly expectedMs: number;
  readonly unfinished: number;
  readonly inside: InsideFigures | null;
  readonly lateness: BlockFigures['driver']['latenessMs'];
  /** By which calls of an open loop were begun after their time. */
  readonly lateSumMs: number;
  readonly driverCpuMs: number;
  readonly parsed: number;
  readonly before: Clocks;
  readonly after: Clocks;
}

function figuresOf(ended: Ended): BlockFigures {
  const { run, options, startMs, endMs, expectedMs } = ended;
  const { record } = run;
  const { shape } = options;
  // A closed loop stops at its time, and what is under way then only ends; an open one lasts until its last answer.
  const cut = shape.kind === 'closed' && options.durationMs !== undefined && run.endedEarly === null;
  const spanMs = cut ? expectedMs : Math.max(run.endedEarly === null ? expectedMs : 0, endMs - startMs);
  const ok = cut ? record.okInTime : record.total.ok;
  const total = record.total.figures();
  const calls = Math.max(1, record.total.calls);
  const driver = {
    cpuMsPerCall: ended.driverCpuMs / calls,
    utilisation: ended.driverCpuMs / Math.max(1, endMs - startMs),
    latenessMs: ended.lateness,
    parsedAnswers: ended.parsed,
  };
  return {
    variant: options.variant ?? '',
    shape,
    startedAtMs: startMs,
    durationMs: spanMs,
    throughputPerSecond: (ok / spanMs) * 1000,
    offeredPerSecond:
      (run.taken / (shape.kind === 'open' && run.endedEarly === null ? expectedMs : spanMs)) * 1000,
    endedEarly: run.endedEarly,
    unfinished: ended.unfinished,
    total,
    subjects: record.tallies.map((tally) => (tally === record.total ? total : tally.figures())),
    target: targetUse(ended, calls),
    driver: { ...driver, distrust: distrustOf(driver, total.latencyMs, shape) },
    timeline: record.timeline.slots,
    littlesLaw: littlesLaw(record, shape, spanMs, ended.lateSumMs),
  };
}

/** L = λ·W, with L counted apart: sampled in an open loop, known beforehand in a closed one without pauses. */
function littlesLaw(record: BlockRecord, shape: LoadShape, spanMs: number, lateSumMs: number): LittlesLaw {
  const known =
    shape.kind === 'closed' && shape.thinkTimeMs === 0 ? shape.connections * shape.inFlight : null;
  const meanInFlight = known ?? record.meanInFlight ?? 0;
  // A call that is not begun yet is not in flight.
  const throughputTimesLatency = (record.total.sumMs - lateSumMs) / spanMs;
  const larger = Math.max(meanInFlight, throughputTimesLatency);
  const gap = larger === 0 ? 0 : Math.abs(meanInFlight - throughputTimesLatency) / larger;
  const holds = record.total.calls < LITTLE_FEWEST_CALLS || gap <= LITTLE_GAP || larger < 1;
  return { meanInFlight, throughputTimesLatency, gap, holds };
}

type Clocks = readonly {
  readonly main: { readonly cpuMs: number; readonly hostDelayMs: number } | null;
  readonly tree: { readonly cpuMs: number; readonly rssBytes: number } | null;
}[];

function readClocks(driver: Driver): Clocks {
  return driver.clocks.map((clock) => ({ main: clock.mainThread(), tree: clock.processTree() }));
}

function targetUse({ before, after, inside, startMs, endMs }: Ended, calls: number): TargetUse {
  const sum = (values: readonly (number | null)[]): number | null =>
    values.length === 0 || values.includes(null)
      ? null
      : values.reduce<number>((total, value) => total + (value ?? 0), 0);
  // A process that came during the block has used nothing before.
  const since = (i: number, used: number | undefined): number | undefined => (i < before.length ? used : 0);
  const mainCpuMs = sum(
    after.map(({ main }, i) => difference(since(i, before[i]?.main?.cpuMs), main?.cpuMs)),
  );
  const processCpuMs = sum(
    after.map(({ tree }, i) => difference(since(i, before[i]?.tree?.cpuMs), tree?.cpuMs)),
  );
  const wallMs = Math.max(1, endMs - startMs) * Math.max(1, after.length);
  return {
    mainCpuMsPerCall: mainCpuMs === null ? null : mainCpuMs / calls,
    processCpuMsPerCall: processCpuMs === null ? null : processCpuMs / calls,
    mainUtilisation: mainCpuMs === null ? null : mainCpuMs / wallMs,
    hostDelayMs: sum(
      after.map(({ main }, i) => difference(since(i, before[i]?.main?.hostDelayMs), main?.hostDelayMs)),
    ),
    rssBytesAtStart: sum(before.map(({ tree }) => tree?.rssBytes ?? null)),
    rssBytes: sum(after.map(({ tree }) => tree?.rssBytes ?? null)),
    gc: inside?.gc ?? null,
    eventLoopDelayMs: inside?.eventLoopDelayMs ?? null,
    eventLoopUtilisation: inside?.eventLoopUtilisation ?? null,
    heapUsedBytes: inside?.heapUsedBytes ?? null,
  };
}

function latenessOf(
  lateness: LatencyHistogram,
  delay: IntervalHistogram | null,
): BlockFigures['driver']['latenessMs'] {
  if (delay === null) {
    const quantiles = lateness.quantilesMs();
    return { p50: quantiles?.p50 ?? 0, p99: quantiles?.p99 ?? 0, max: quantiles?.max ?? 0 };
  }
  // Intervals between turns of a timer: what exceeds its period is lateness.
  const late = (ns: number): number => (ns > 0 ? Math.max(0, ns / 1e6 - DELAY_RESOLUTION_MS) : 0);
  return {
    p50: late(delay.percentile(50)),
    p99: late(delay.percentile(99)),
    max: delay.max > 1e15 ? 0 : late(delay.max),
  };
}

function parsedAnswers(driver: Driver): number {
  return driver.clients.reduce(
    (sum, { channel, slow }) => sum + channel.parsedAnswers + slow.parsedAnswers,
    0,
  );
}

/** Looks after a run: time-outs, calls in flight, progress; and ends it at once when the user wants. */
function watchOver(
  run: LoadRun,
  options: BlockOptions,
  startMs: number,
): { readonly cutShort: Promise<void>; stop(): void } {
  const { record } = run;
  let cut: () => void = () => {};
  const cutShort = new Promise<void>((resolve) => (cut = resolve));
  const tick = setInterval(() => {
    const nowMs = channelNow();
    if (record.offering) record.sampleInFlight();
    run.expire(nowMs - options.callTimeoutMs);
    if (!run.goesOn()) run.hurry();
    if (record.timeline.turn(nowMs, record.inFlight) && options.onProgress !== undefined)
      options.onProgress(live(run, nowMs - startMs));
  }, TICK_MS);
  const onAbort = (): void => {
    run.goesOn();
    cut();
  };
  options.signal.addEventListener('abort', onAbort, { once: true });
  if (options.signal.aborted) onAbort();
  return {
    cutShort,
    stop() {
      clearInterval(tick);
      options.signal.removeEventListener('abort', onAbort);
      run.hurry();
    },
  };
}

function live({ record }: LoadRun, elapsedMs: number): LiveFigures {
  const slot = record.timeline.latest;
  return {
    elapsedMs,
    calls: record.total.calls,
    failed: record.total.failed,
    ratePerSecond: slot === null ? 0 : (slot.ok / slot.durationMs) * 1000,
    p50Ms: slot?.p50Ms ?? null,
    p99Ms: slot?.p99Ms ?? null,
    inFlight: record.inFlight,
  };
}
