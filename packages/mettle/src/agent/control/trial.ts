import type { RaceStep, TrialRecord } from '../../evidence/index.ts';
import type { ControlAnswers, ControlRequest, RemotePoint } from '../control-protocol.ts';
import { silently } from '../silently.ts';
import { admitArrivals } from './arrivals.ts';
import { nameFilesIn } from './file-names.ts';
import { held, hold, resetHeld } from './held-steps.ts';
import type { StepWords } from './held-steps.ts';
import { allLanes, currentLane, inLane, laneNamed, resetLanes } from './lane.ts';
import type { Lane } from './lane.ts';
import { native } from './natives.ts';
import { restartJobCosts } from './pool-job-cost.ts';
import { pause, quiet, takeBaseline } from './quiescence.ts';
import { Scheduler } from './scheduler.ts';
import { seeded } from './seeded.ts';
import { restartSocketCounts } from './socket-counts.ts';
import { continuationOf, strategyFor } from './strategies.ts';
import { plain, TrialRecording } from './trial-recording.ts';
import { startVirtualTime, stopVirtualTime } from './virtual-clock.ts';
import { firstTimers, firstTimersOver, giveTimersBack, takeTimers } from './virtual-timers.ts';

type ArmRequest = ControlRequest & { readonly kind: 'arm' };

/** How long the calls may take to arrive before the trial ends without them. */
const ARRIVAL_PATIENCE_MS = 10_000;

/** Longer timers are no part of a start. */
const START_PATIENCE_MS = 1_000;

/** One trial: from `arm` to `finish`. */
interface Trial {
  readonly request: ArmRequest;
  readonly recording: TrialRecording;
  readonly scheduler: Scheduler;
  readonly requestLanes: ReadonlyMap<string, string>;
  readonly arrived: Set<string>;
  /** Settles when all calls have arrived. */
  readonly allArrived: Promise<void>;
  readonly haveArrived: () => void;
  ended: Promise<void>;
}
let trial: Trial | null = null;

/** Key of a request id, which may be a number or a string. */
const keyOf = (id: unknown): string => `${typeof id}:${String(id)}`;

/** Obeys one request of Mettle's. */
export async function control(request: ControlRequest): Promise<ControlAnswers[ControlRequest['kind']]> {
  switch (request.kind) {
    case 'arm':
      if (trial !== null) throw new Error('a trial is under way: finish it first');
      await startIsOver();
      arm(request);
      return {};
    case 'outlast-start':
      await outlastStart();
      return {};
    case 'finish':
      return await finish(underWay());
    case 'settle':
      await Promise.race([underWay().allArrived, arrivalPatience()]);
      return await point(underWay());
    case 'step':
      return await takeStep(underWay(), request.id);
  }
}

async function takeStep(now: Trial, id: string): Promise<RemotePoint> {
  const enabled = now.scheduler.enabled();
  const step = enabled.find((candidate) => candidate.id === id);
  if (step === undefined) throw new Error(`the step ${id} cannot be taken now`);
  now.scheduler.take(step, enabled);
  return await point(now);
}

let started = false;

/**
 * What a server has set going at its start is over before its first trial, and what it does for its client's hello before
 * any: later trials would not find it.
 */
async function startIsOver(): Promise<void> {
  await quiet();
  if (started) return;
  started = true;
  const until = native.performanceNow() + START_PATIENCE_MS;
  const isOver = firstTimersOver(START_PATIENCE_MS);
  while (!isOver() && native.performanceNow() < until) await pause(5);
  if (trial !== null) throw new Error('a trial is under way: finish it first');
}

/** The same for a server that was imported anew, many times over: when all but its timers is over, no time need pass. */
async function outlastStart(): Promise<void> {
  await quiet();
  for (const fire of firstTimers(START_PATIENCE_MS)) {
    fire();
    await quiet();
  }
}

function underWay(): Trial {
  if (trial === null) throw new Error('no trial is under way');
  return trial;
}

function arm(request: ArmRequest): void {
  const { schedule } = request;
  const recording = new TrialRecording();
  const strategy =
    schedule.strategy === 'remote' || schedule.strategy === 'free' || schedule.strategy === 'delay'
      ? null
      : strategyFor(schedule, recording);
  resetHeld();
  resetLanes(request.calls.map(({ lane }) => lane));
  nameFilesIn(request.workingCopy);
  restartSocketCounts();
  restartJobCosts();
  takeBaseline();
  held.born = (step) => strategy?.born?.(step);
  let haveArrived = (): void => {};
  const allArrived = new Promise<void>((resolve) => {
    haveArrived = resolve;
  });
  const scheduler = new Scheduler(recording, strategy, request.maxSteps);
  const requestLanes = new Map(request.calls.map(({ lane, requestId }) => [keyOf(requestId), lane]));
  trial = {
    request,
    recording,
    scheduler,
    requestLanes,
    arrived: new Set(),
    allArrived,
    haveArrived,
    ended: Promise.resolve(),
  };
  if (schedule.strategy === 'delay') held.delayMs = delays(schedule.seed, schedule.longestMs);
  else if (schedule.strategy !== 'free') {
    startVirtualTime();
    held.on = true;
    takeTimers();
  }
  trial.ended = runTrial(trial).catch(() => {});
}

async function runTrial({ recording, scheduler, allArrived, arrived }: Trial): Promise<void> {
  const inTime = await Promise.race([allArrived.then(() => true), arrivalPatience().then(() => false)]);
  if (inTime || arrived.size > 0) await scheduler.run();
  if (!held.on && !(await scheduler.answeredInTime())) recording.status = 'timed-out';
  if (!inTime) recording.status = 'timed-out';
}

/** Every second completion is delayed; what takes effect does so at once. */
function delays(seed: number, longestMs: number): (phase: RaceStep['phase']) => number {
  const next = seeded(seed);
  return (phase) => (phase === 'effect' || next() < 0.5 ? 0 : next() * longestMs);
}

function arrivalPatience(): Promise<void> {
  return new Promise((resolve) => {
    native.setTimeout(resolve, ARRIVAL_PATIENCE_MS).unref();
  });
}

async function finish(ending: Trial): Promise<TrialRecord> {
  const { schedule } = ending.request;
  if (schedule.strategy === 'remote') ending.scheduler.stop();
  await ending.ended;
  if (schedule.strategy === 'remote' && !ending.scheduler.allAnswered) ending.recording.status = 'deadlock';
  const record = ending.recording.finished();
  letGo();
  trial = null;
  // What was let go works on; the next trial, or whoever looks at the files, wants it done.
  await quiet();
  return record;
}

/** Everything held goes on in real time. */
function letGo(): void {
  admitArrivals();
  held.on = false;
  held.delayMs = null;
  stopVirtualTime();
  const { pending } = held;
  held.pending = [];
  for (const step of pending) if (step.dueMs === null) silently(() => step.go());
  giveTimersBack();
}

/** Mettle is gone: the target goes on as though it had never been there. */
export function release(): void {
  if (trial === null) return;
  trial.scheduler.stop();
  trial = null;
  letGo();
}

async function point({ scheduler, recording }: Trial): Promise<RemotePoint> {
  await quiet();
  recording.countOverlap();
  const enabled = scheduler.enabled();
  const unanswered = [...allLanes()].filter(({ answered }) => !answered).map(({ id }) => id);
  const stands = enabled.length === 0 && unanswered.length > 0;
  return {
    enabled: enabled.map((step): RaceStep => plain(step)),
    continues: continuationOf(enabled, scheduler.last)?.id ?? null,
    unanswered,
    stuck: stands && (await scheduler.standstill()) === 'deadlock',
  };
}

/** Whether a trial is under way, held or free. */
export function inTrial(): boolean {
  return trial !== null;
}

/** The lane of the racing request with this JSON-RPC id; null when it is none, or no trial is under way. */
export function laneOfRequest(id: unknown): Lane | null {
  const lane = trial?.requestLanes.get(keyOf(id));
  return lane === undefined ? null : (laneNamed(lane) ?? null);
}

/** A racing request has arrived; `deliver` hands it to the server, when the schedule says so. */
export function arrive(lane: Lane, what: string, deliver: () => void): void {
  const now = trial;
  if (now === null || now.arrived.has(lane.id)) {
    deliver();
    return;
  }
  now.arrived.add(lane.id);
  const begin = (): void => inLane(lane, deliver);
  if (held.on) {
    const words: StepWords = { kind: 'call', resource: null, writes: false, detail: what };
    // In the order of the calls, whatever the order of their arrival.
    hold(words, { phase: 'effect', lane, sequence: lane.index - now.request.calls.length }, begin);
  } else {
    lane.started = true;
    begin();
  }
  if (now.arrived.size === now.request.calls.length) now.haveArrived();
}

/** A racing call was answered. */
export function answer(lane: Lane): void {
  if (lane.answered || laneNamed(lane.id) !== lane) return;
  lane.answered = true;
  held.happenings++;
  if (trial === null) return;
  trial.recording.note(lane, { kind: 'answer', resource: null, writes: false });
  trial.recording.answered();
}

/** Something that cannot be placed elsewhere happens in the running code: it belongs in the timeline. */
export function noteStep(words: StepWords): void {
  if (held.on) trial?.recording.note(currentLane(), words);
}
