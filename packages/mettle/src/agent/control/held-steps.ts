import { AsyncResource } from 'node:async_hooks';
import type { Frame, RaceStep } from '../../evidence/index.ts';
import { chainFor, currentLane, isUntouched, presentLane, untouched } from './lane.ts';
import type { Chain, Lane } from './lane.ts';
import { native } from './natives.ts';
import { jobBegan, jobEnded } from './pool-job-cost.ts';
import { callSite } from './sites.ts';
import { streamSite } from './stream-sites.ts';

/*
 * The gates: every event that could come in another order is held here until the scheduler lets it go.
 */

/** What is known of an operation when it is asked for. */
export interface StepWords {
  readonly kind: string;
  readonly resource: string | null;
  readonly writes: boolean;
  readonly detail?: string;
  readonly site?: Frame | null;
}

/** A step that is held: the scheduler may take it. */
export interface HeldStep extends RaceStep {
  readonly of: Lane;
  readonly chain: Chain;
  /** Order in which the steps were asked for. */
  readonly sequence: number;
  /** Virtual time at which a timer is due; null for everything else. */
  dueMs: number | null;
  /** Timers that only repeat, or keep nobody waiting: housekeeping. */
  readonly idle: boolean;
  /** Steps with the same queue are taken in the order in which they were asked for. */
  readonly queue: object | null;
  /** What another thread has answered: how long it took is in no virtual time. */
  readonly fromThread: boolean;
  readonly go: () => void;
}

interface HoldOptions {
  readonly phase: RaceStep['phase'];
  readonly lane?: Lane;
  readonly dueMs?: number;
  readonly idle?: boolean;
  readonly queue?: object;
  readonly fromThread?: boolean;
  readonly sequence?: number;
}

/** What stands still, and what is going on, in the trial that is under way. */
export const held: {
  /** Whether operations are held until the scheduler takes them. */
  on: boolean;
  /** Instead: how long each is delayed. */
  delayMs: ((phase: RaceStep['phase']) => number) | null;
  pending: HeldStep[];
  /** Operations let go and not finished. */
  underWay: number;
  /** Jobs asked of the thread pool and not done, held ones included. */
  poolJobs: number;
  peakPoolJobs: number;
  /** Steps that the scheduler has taken, in all trials. */
  taken: number;
  /** Counts whatever happens, so that quiet can be told. */
  happenings: number;
  /** Called when nothing is under way any more. */
  whenIdle: (() => void) | null;
  /** Told of each step as it is asked for. */
  born: (step: HeldStep) => void;
} = {
  on: false,
  delayMs: null,
  pending: [],
  underWay: 0,
  poolJobs: 0,
  peakPoolJobs: 0,
  taken: 0,
  happenings: 0,
  whenIdle: null,
  born: () => {},
};
let sequence = 0;

/** Forgets everything that was held before. */
export function resetHeld(): void {
  held.pending = [];
  held.underWay = 0;
  held.poolJobs = 0;
  held.peakPoolJobs = 0;
  held.whenIdle = null;
  sequence = 0;
}

/** Whether the operation that is being asked for is to be held. */
export function holding(): boolean {
  return (held.on || held.delayMs !== null) && !isUntouched();
}

/** Holds a step of the current lane; `go` is called when the scheduler takes it. */
export function hold(words: StepWords, options: HoldOptions, go: () => void): HeldStep {
  const lane = presentLane(options.lane ?? currentLane());
  const chain = chainFor(lane);
  chain.busy = true;
  const step: HeldStep = {
    id: `${lane.id}#${String(++lane.steps)}`,
    lane: lane.id,
    kind: words.kind,
    phase: options.phase,
    resource: words.resource,
    writes: words.writes,
    detail: words.detail ?? '',
    site: words.site ?? null,
    of: lane,
    chain,
    sequence: options.sequence ?? ++sequence,
    dueMs: options.dueMs ?? null,
    idle: options.idle ?? false,
    queue: options.queue ?? null,
    fromThread: options.fromThread ?? false,
    go,
  };
  held.happenings++;
  if (held.on) {
    held.pending.push(step);
    held.born(step);
    return step;
  }
  chain.busy = false;
  // Without a delay the trial ended while the operation was under way: nothing is held any more.
  delayed(step, held.delayMs?.(step.phase) ?? 0);
  return step;
}

/** By queue, what is delayed: it comes late, but not in another order than that of the queue. */
const late = new WeakMap<object, { readonly go: () => void; due: boolean }[]>();

function delayed({ queue, go }: HeldStep, delayMs: number): void {
  const before = queue === null ? undefined : late.get(queue);
  if (queue === null || (before === undefined && delayMs <= 0)) {
    if (delayMs > 0) native.setTimeout(go, delayMs);
    else go();
    return;
  }
  const waiting = before ?? [];
  const own = { go, due: delayMs <= 0 };
  waiting.push(own);
  late.set(queue, waiting);
  if (own.due) return;
  native.setTimeout(() => {
    own.due = true;
    while (waiting[0]?.due === true) waiting.shift()?.go();
    if (waiting.length === 0) late.delete(queue);
  }, delayMs);
}

/** The step will never be taken. */
export function drop(step: HeldStep): void {
  const at = held.pending.indexOf(step);
  if (at < 0) return;
  held.pending.splice(at, 1);
  step.chain.busy = false;
}

/** Waits for the scheduler. */
export function gate(words: StepWords, options: HoldOptions): Promise<void> {
  return new Promise((resolve) => {
    hold(words, options, resolve);
  });
}

export function beginWork(): void {
  if (held.underWay++ === 0 && held.on) jobBegan();
}

export function endWork(): void {
  held.happenings++;
  if (held.underWay > 0) held.underWay--;
  if (held.underWay > 0) return;
  if (held.on) jobEnded();
  const { whenIdle } = held;
  held.whenIdle = null;
  whenIdle?.();
}

export function beginPoolJob(): void {
  held.poolJobs++;
  held.peakPoolJobs = Math.max(held.peakPoolJobs, held.poolJobs);
}

export function endPoolJob(): void {
  if (held.poolJobs > 0) held.poolJobs--;
}

/** Lets an operation take effect when the scheduler says so; nothing holds its completion. */
export async function heldEffect<T>(words: StepWords, run: () => Promise<T>): Promise<T> {
  await gate(words, { phase: 'effect' });
  beginWork();
  try {
    return await untouched(run);
  } finally {
    endWork();
  }
}

/** An operation with its two gates: its effect, and the delivery of its completion. */
export async function heldOperation<T>(asked: StepWords, run: () => Promise<T>): Promise<T> {
  const words = { ...asked, site: asked.site ?? callSite() };
  beginPoolJob();
  let outcome: { readonly value: T } | { readonly error: unknown };
  try {
    outcome = { value: await heldEffect(words, run) };
  } catch (error) {
    outcome = { error };
  } finally {
    endPoolJob();
  }
  await gate({ ...words, writes: false }, { phase: 'delivery' });
  if ('error' in outcome) throw outcome.error;
  return outcome.value;
}

type Callback = (...results: unknown[]) => unknown;

/** The same for an operation that calls back. `start` is given the callback to hand on. */
export function heldCallback(
  asked: StepWords,
  callback: Callback,
  start: (callback: Callback) => void,
): void {
  const words = { ...asked, site: asked.site ?? callSite() ?? streamSite(asked.resource) };
  const context = new AsyncResource('METTLE_HELD');
  const lane = currentLane();
  const deliver = (results: unknown[]): void => {
    context.runInAsyncScope(callback, undefined, ...results);
  };
  beginPoolJob();
  const ended = (...results: unknown[]): void => {
    endPoolJob();
    endWork();
    hold({ ...words, writes: false }, { phase: 'delivery', lane }, () => deliver(results));
  };
  hold(words, { phase: 'effect', lane }, () => {
    beginWork();
    try {
      untouched(() => start(ended));
    } catch (error) {
      ended(error);
    }
  });
}
