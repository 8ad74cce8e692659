import { admitArrivals } from './arrivals.ts';
import { held } from './held-steps.ts';
import { native } from './natives.ts';
import { silently } from '../silently.ts';

/*
 * When nothing moves: nothing that was let go is under way, Node has no request of the target's in hand, nothing is
 * awaited from outside, and two turns of the event loop brought nothing new.
 */

/** Requests that Node has in hand, by the names that process.getActiveResourcesInfo gives them. */
const REQUESTS =
  /^(FSReqPromise|FSReqCallback|GetAddrInfoReqWrap|GetNameInfoReqWrap|TCPConnectWrap|PipeConnectWrap|WriteWrap|ShutdownWrap|QueryReqWrap|FileHandleCloseReq)$/;
/** Timers are Node's own at most (see virtual-timers); the others are waited for by other means. */
const NEVER_FOREIGN = new Set(['Timeout', 'Immediate', 'TickObject']);

/** An operation that was let go takes as long as the disk or the machine's load want. */
const WORK_PATIENCE_MS = 5_000;
/** Requests of Node's that are not held: longer than any takes on a busy machine. */
const REQUEST_PATIENCE_MS = 1_000;
const QUIET_TURNS = 2;
/** From then on the loop sleeps between its turns. */
const BUSY_TURNS = 20;

/** Something outside this thread that will, or may, come back: each source says how many it waits for. */
export interface Outside {
  readonly name: string;
  awaited(): number;
  /** How long it is waited for before something else is let happen. */
  readonly patienceMs: number;
  /** Counts what came: patience begins anew with each. */
  came?(): number;
  /** Whether something may come though nobody waits for it any more; where Node itself does not tell. */
  mayCome?(): boolean;
  /** A trial begins. */
  begin?(): void;
  /** It did not come in time: it is not waited for any more. */
  giveUp(): void;
}
const outside: Outside[] = [];
let baseline = new Map<string, number>();
/** What was given up waiting for, in this trial. */
let lost = new Set<string>();

export function awaitFrom(source: Outside): void {
  outside.push(source);
}

/** A trial begins: what is active now is not the trial's. */
export function takeBaseline(): void {
  baseline = tally();
  carriers.clear();
  lost = new Set();
  for (const source of outside) source.begin?.();
}

export function escaped(what: string): void {
  lost.add(what);
}

/** What escaped control in this trial. */
export function whatEscaped(): readonly string[] {
  return [...lost].toSorted();
}

function tally(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const name of native.activeResources()) counts.set(name, (counts.get(name) ?? 0) + 1);
  return counts;
}

function requestsInHand(): readonly string[] {
  const names: string[] = [];
  for (const [name, count] of tally())
    if (REQUESTS.test(name) && count > (baseline.get(name) ?? 0)) names.push(name);
  return names;
}

/** Connections that the target accepted since the trial began: they carry the calls, and do nothing by themselves. */
const carriers = new Set<object>();
export function carries(socket: object): void {
  carriers.add(socket);
}
export function carriesNoMore(socket: object): void {
  carriers.delete(socket);
}

/** Whether anything is active that was not when the trial began: then a standstill is no proof. */
export function somethingIsActive(): boolean {
  if (held.underWay > 0 || outside.some((source) => source.awaited() > 0 || source.mayCome?.() === true))
    return true;
  for (const [name, count] of tally()) {
    if (NEVER_FOREIGN.has(name)) continue;
    const carrying = name === 'TCPSocketWrap' || name === 'PipeWrap' ? carriers.size : 0;
    if (count - carrying > (baseline.get(name) ?? 0)) return true;
  }
  return false;
}

const nextTurn = (): Promise<void> =>
  new Promise((resolve) => {
    native.setImmediate(resolve);
  });
export const pause = (ms: number): Promise<void> =>
  new Promise((resolve) => {
    native.setTimeout(resolve, ms);
  });

/** Waits until nothing moves. What does not come to rest in time is told as having escaped. */
export async function quiet(): Promise<void> {
  let startedMs = native.performanceNow();
  let turns = 0;
  let cameBefore = allThatCame();
  for (let quietTurns = 0; quietTurns < QUIET_TURNS;) {
    if (held.underWay > 0) await workDone();
    const before = held.happenings;
    await nextTurn();
    turns++;
    const came = allThatCame();
    if (came !== cameBefore) startedMs = native.performanceNow();
    cameBefore = came;
    const waited = native.performanceNow() - startedMs;
    if (held.happenings !== before || held.underWay > 0) quietTurns = 0;
    else if (stillAwaited(waited)) quietTurns = 0;
    else quietTurns++;
    if (waited > WORK_PATIENCE_MS && quietTurns === 0) break;
    if (turns > BUSY_TURNS && quietTurns === 0) await pause(1);
  }
  admitArrivals();
}

function allThatCame(): number {
  return outside.reduce((sum, source) => sum + (source.came?.() ?? 0), 0);
}

function stillAwaited(waitedMs: number): boolean {
  const requests = requestsInHand();
  const sources = outside.filter((source) => source.awaited() > 0);
  if (requests.length > 0 && waitedMs < REQUEST_PATIENCE_MS) return true;
  for (const name of requests) {
    lost.add(name);
    baseline.set(name, tally().get(name) ?? 0);
  }
  for (const source of sources) {
    if (waitedMs < source.patienceMs) return true;
    lost.add(source.name);
    silently(() => source.giveUp());
  }
  return false;
}

/** Waits until nothing that was let go is under way any more. */
async function workDone(): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = native.setTimeout(() => {
      lost.add('an operation that did not end');
      held.underWay = 0;
      resolve();
    }, WORK_PATIENCE_MS);
  });
  const done = new Promise<void>((resolve) => {
    held.whenIdle = resolve;
  });
  await Promise.race([done, late]);
  native.clearTimeout(timer);
}
