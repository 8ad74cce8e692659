import { AsyncResource } from 'node:async_hooks';
import type { Frame } from '../../evidence/index.ts';
import { silently } from '../silently.ts';
import { drop, held, hold } from './held-steps.ts';
import type { HeldStep } from './held-steps.ts';
import { backgroundLane, currentLane, isUntouched } from './lane.ts';
import type { Lane } from './lane.ts';
import { native } from './natives.ts';
import { calledByNode, callSite } from './sites.ts';
import { virtualNowMs } from './virtual-clock.ts';
import { wrap } from './wrapping.ts';
import type { AnyFunction } from './wrapping.ts';

/*
 * Timers on virtual time. Each is a timer of Node's as well, which the target gets as its handle; in a trial that one
 * fires for nothing, and the scheduler's step calls back instead. So timers that are set before a trial, or outlast
 * it, need no special case.
 */

interface Timer {
  readonly handle: NodeJS.Timeout;
  readonly callback: (...args: unknown[]) => unknown;
  readonly args: readonly unknown[];
  readonly delayMs: number;
  readonly repeats: boolean;
  readonly context: AsyncResource;
  lane: Lane;
  readonly site: Frame | null;
  step: HeldStep | null;
  /** Node's own timer fired during a trial. */
  lapsed: boolean;
}

const MAX_DELAY_MS = 2_147_483_647;
const timers = new Set<Timer>();
const byHandle = new WeakMap<object, Timer>();
const byNumber = new Map<number, Timer>();

/** Tells whether the timers that are set now, but for long ones and those that repeat, are over. */
export function firstTimersOver(atMostMs: number): () => boolean {
  const first = shortTimers(atMostMs);
  return () => !first.some((timer) => timers.has(timer));
}

/** The same timers, the shortest first, to be fired now. */
export function firstTimers(atMostMs: number): readonly (() => void)[] {
  const first = shortTimers(atMostMs).toSorted((a, b) => a.delayMs - b.delayMs);
  return first.map((timer) => () => {
    if (!timers.has(timer)) return;
    native.clearTimeout(timer.handle);
    forget(timer);
    run(timer);
  });
}

function shortTimers(atMostMs: number): readonly Timer[] {
  return [...timers].filter(
    ({ repeats, delayMs, handle }) => !repeats && delayMs <= atMostMs && handle.hasRef(),
  );
}

/** A trial begins: what is running goes over to virtual time, as though it were set now. */
export function takeTimers(): void {
  for (const timer of timers) {
    timer.lane = backgroundLane();
    holdTimer(timer, timer.lane);
  }
}

/** A trial has ended: what is still set goes on in real time, from its beginning. */
export function giveTimersBack(): void {
  for (const timer of timers) {
    timer.step = null;
    if (!timer.lapsed) continue;
    timer.lapsed = false;
    silently(() => void timer.handle.refresh());
  }
}

function holdTimer(timer: Timer, lane: Lane): void {
  if (timer.step !== null) drop(timer.step);
  const words = {
    kind: 'timer',
    resource: null,
    writes: false,
    detail: `${String(timer.delayMs)} ms`,
    site: timer.site,
  };
  timer.step = hold(
    words,
    {
      phase: 'delivery',
      lane,
      dueMs: virtualNowMs() + timer.delayMs,
      idle: timer.repeats || !timer.handle.hasRef(),
    },
    () => fireVirtually(timer),
  );
}

function fireVirtually(timer: Timer): void {
  timer.step = null;
  if (!timers.has(timer)) return;
  if (timer.repeats) holdTimer(timer, timer.lane);
  else {
    timers.delete(timer);
    native.clearTimeout(timer.handle);
  }
  run(timer);
}

function run(timer: Timer): void {
  // As in Node, an exception of the callback's is an uncaught one: thrown from a callback of the event loop.
  native.nextTick(() => {
    timer.context.runInAsyncScope(timer.callback, timer.handle, ...timer.args);
  });
}

/** Node's own timer fires. */
function fireNatively(timer: Timer): void {
  if (held.on) {
    timer.lapsed = true;
    return;
  }
  if (!timers.has(timer)) return;
  if (!timer.repeats) forget(timer);
  timer.context.runInAsyncScope(timer.callback, timer.handle, ...timer.args);
}

function forget(timer: Timer): void {
  timers.delete(timer);
  if (timer.step !== null) drop(timer.step);
  timer.step = null;
}

function set(
  original: AnyFunction,
  repeats: boolean,
  callback: unknown,
  delay: unknown,
  args: readonly unknown[],
): NodeJS.Timeout {
  const given = Math.trunc(Number(delay));
  const delayMs = given >= 1 && given <= MAX_DELAY_MS ? given : 1;
  let timer: Timer | null = null;
  const handle = original(() => {
    if (timer !== null) fireNatively(timer);
  }, delayMs) as NodeJS.Timeout;
  timer = {
    handle,
    callback: callback as Timer['callback'],
    args,
    delayMs,
    repeats,
    context: new AsyncResource('METTLE_TIMER'),
    lane: currentLane(),
    site: held.on ? callSite() : null,
    step: null,
    lapsed: false,
  };
  timers.add(timer);
  byHandle.set(handle, timer);
  if (held.on && !isUntouched()) holdTimer(timer, timer.lane);
  return handle;
}

function clear(handle: unknown): void {
  const timer =
    typeof handle === 'object' && handle !== null ? byHandle.get(handle) : byNumber.get(Number(handle));
  if (timer === undefined) return;
  forget(timer);
  for (const [number, known] of byNumber) if (known === timer) byNumber.delete(number);
}

/** A timer as the target's own setTimeout would set it. */
export function setTargetTimer(
  callback: (value: unknown) => void,
  delay: unknown,
  value?: unknown,
): NodeJS.Timeout {
  return set(native.setTimeout as unknown as AnyFunction, false, callback, delay, [value]);
}

/** Wraps the timers of the globals and of node:timers. */
export function controlTimers(): void {
  const module = process.getBuiltinModule('node:timers');
  for (const name of ['setTimeout', 'setInterval'] as const) {
    wrap(module, name, (original) => {
      const patched = function (this: unknown, ...given: unknown[]): unknown {
        const [callback, delay, ...args] = given;
        if (typeof callback !== 'function' || calledByNode(patched)) return original.apply(this, given);
        return set(original, name === 'setInterval', callback, delay, args);
      };
      return patched;
    });
    Object.assign(globalThis, { [name]: module[name] });
  }
  for (const name of ['clearTimeout', 'clearInterval'] as const) {
    wrap(
      module,
      name,
      (original) =>
        function clearTimer(this: unknown, ...args: unknown[]) {
          silently(() => clear(args[0]));
          return original.apply(this, args);
        },
    );
    Object.assign(globalThis, { [name]: module[name] });
  }
  silently(controlHandles);
}

/** The methods of the handles that Node gives out. */
function controlHandles(): void {
  const handle = native.setTimeout(() => {}, 0);
  native.clearTimeout(handle);
  const prototype = Object.getPrototypeOf(handle) as object;
  wrap(
    prototype,
    'refresh',
    (original) =>
      function refresh(this: unknown) {
        const timer = byHandle.get(this as object);
        if (timer !== undefined && held.on && !isUntouched()) {
          timers.add(timer);
          holdTimer(timer, currentLane());
        }
        return original.call(this);
      },
  );
  for (const name of ['close', Symbol.dispose ?? 'close'])
    wrap(
      prototype,
      name,
      (original) =>
        function close(this: unknown) {
          silently(() => clear(this));
          return original.call(this);
        },
    );
  wrap(
    prototype,
    Symbol.toPrimitive,
    (original) =>
      function toPrimitive(this: unknown) {
        const number = original.call(this);
        const timer = byHandle.get(this as object);
        if (timer !== undefined && timers.has(timer)) byNumber.set(Number(number), timer);
        return number;
      },
  );
}
