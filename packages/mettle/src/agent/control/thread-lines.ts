import type { EventLoopUtilityFunction } from 'node:perf_hooks';
import { partyOf } from './arrivals.ts';
import type { Party } from './arrivals.ts';
import { held } from './held-steps.ts';
import { backgroundLane, currentLane, presentLane } from './lane.ts';
import type { Lane } from './lane.ts';
import { native } from './natives.ts';
import { awaitFrom, escaped } from './quiescence.ts';
import { idsOf, sameIds, shapeOf } from './thread-messages.ts';
import type { Ids } from './thread-messages.ts';

/*
 * What is asked of other threads, and what they owe: nothing of a trial goes on before they have answered, so that when
 * they do is nobody's choice.
 */

/** The other end, as far as it tells whether its thread computes or sleeps. */
export interface OtherThread {
  readonly performance: { readonly eventLoopUtilization: EventLoopUtilityFunction };
}

interface Ask {
  readonly lane: Lane;
  /** Its number among the lane's: answers to one lane come in the order in which it asked, whoever was quicker. */
  readonly serial: number;
  readonly ids: Ids;
  readonly shape: string;
  /** It did not come in time, and the thread is at work still: it is owed, but not waited for. */
  givenUp: boolean;
}

/** A way to and from another thread: a Worker's own, or a port whose other end is there. */
export interface ThreadLine {
  /** Who waits for what nobody asked for. */
  readonly party: Party;
  readonly queue: object;
  /** Whether anything of this thread would be told of a message. */
  readonly listens: () => boolean;
  /** The thread there; null as long as it is not known. */
  thread: OtherThread | null;
  asks: Ask[];
  /** It is starting, or ending, and who did that waits for it. */
  starts: boolean;
  ends: boolean;
  /** It is sent what is not answered, or tells of itself what nobody asked for: more may come at any time. */
  isFree: boolean;
  /** Number of the step in which it was last heard of. */
  lastStep: number;
  /** What its event loop had done when it had been waited for for some time. */
  utilization: ReturnType<EventLoopUtilityFunction> | null;
}

/** Booting takes half a second on a busy machine; patience begins anew with each answer. */
const PATIENCE_MS = 3_000;
/** From then on a thread's event loop is looked at. */
const LOOK_AFTER_MS = 2_000;
/** The same at the server's start: what its threads are told there is often not answered, and every start would wait. */
const START_LOOK_MS = 100;
const START_PATIENCE_MS = 400;
/** A thread that does less than this share of the time sleeps. */
const IDLE_SHARE = 0.1;
/** Posts to threads that never say anything must not fill the memory. */
const MOST_ASKS = 10_000;

/** Those that owe something. */
const owing = new Set<ThreadLine>();
/** Those that something was sent to in this trial. */
const sentTo = new Set<ThreadLine>();
/** Shapes of messages that threads do not answer. */
const unanswered = new Set<string>();
/** Shapes of messages whose answers carry their ids. */
const echoed = new Set<string>();
let answers = 0;
let waitingSinceMs = 0;

export function openLine(listens: () => boolean, thread: OtherThread | null): ThreadLine {
  return {
    party: partyOf(currentLane()),
    queue: {},
    listens,
    thread,
    asks: [],
    starts: false,
    ends: false,
    isFree: false,
    lastStep: -1,
    utilization: null,
  };
}

/** Waits for threads, from now on. */
export function awaitThreads(): void {
  awaitFrom({
    name: `a worker thread that did not answer within ${String(PATIENCE_MS / 1_000)} s`,
    patienceMs: PATIENCE_MS,
    awaited: () => {
      let count = 0;
      for (const line of owing) count += owedBy(line);
      return count > 0 && !sleepAtStart() ? count : 0;
    },
    came: () => answers,
    mayCome: () => [...sentTo].some((line) => line.isFree || line.asks.length > 0),
    begin() {
      sentTo.clear();
      for (const line of owing) line.asks = [];
      owing.clear();
    },
    giveUp() {
      for (const line of owing) if (owedBy(line) > 0) giveUp(line);
    },
  });
}

function owedBy(line: ThreadLine): number {
  const asks = line.listens() ? line.asks.filter(({ givenUp }) => !givenUp).length : 0;
  return asks + Number(line.starts) + Number(line.ends);
}

/** Something was sent over the line: it will be answered, unless such things never are. */
export function asked(line: ThreadLine, message: unknown): void {
  const lane = currentLane();
  if (lane.index >= 0) line.party.lane = lane;
  line.lastStep = held.taken;
  if (held.on) sentTo.add(line);
  const shape = shapeOf(message);
  if (unanswered.has(shape)) {
    line.isFree = true;
    return;
  }
  if (line.asks.length >= MOST_ASKS) line.asks.shift();
  line.asks.push({ lane, serial: ++lane.parties, ids: idsOf(message), shape, givenUp: false });
  owes(line);
}

/** The thread is starting, or was asked to end. */
export function owes(line: ThreadLine): void {
  if (held.on) sentTo.add(line);
  owing.add(line);
  line.utilization = null;
  waitingSinceMs = native.performanceNow();
}

/** Something came over the line: tells who waits for it. */
export function answered(line: ThreadLine, message: unknown): Party {
  answers++;
  waitingSinceMs = native.performanceNow();
  line.utilization = null;
  const ask = askOf(line, idsOf(message));
  if (ask === undefined && !line.starts) {
    line.isFree = true;
    if (held.on && line.lastStep !== held.taken) unasked();
  }
  line.lastStep = held.taken;
  line.starts = false;
  settled(line);
  return ask === undefined ? line.party : { lane: ask.lane, serial: ask.serial };
}

/** A message came that nobody waited for, when others had gone on: it may as well answer what was taken for one-way. */
function unasked(): void {
  escaped('messages that a worker thread sends unasked');
  unanswered.clear();
}

/** The ask that is answered: the one with its ids; where ids are not echoed, the oldest. */
function askOf(line: ThreadLine, ids: Ids): Ask | undefined {
  let at = line.asks.findIndex((ask) => sameIds(ask.ids, ids));
  const same = line.asks[at];
  if (same !== undefined) echoed.add(same.shape);
  else at = line.asks.findIndex(({ shape }) => !echoed.has(shape));
  return at < 0 ? undefined : line.asks.splice(at, 1)[0];
}

function settled(line: ThreadLine): void {
  if (line.asks.length === 0 && !line.starts && !line.ends) owing.delete(line);
}

/** The thread runs: nothing else is owed for its start. */
export function hasStarted(line: ThreadLine): void {
  line.starts = false;
  settled(line);
}

/** Nothing more comes over the line. */
export function lineEnded(line: ThreadLine): void {
  line.asks = [];
  line.starts = false;
  line.ends = false;
  line.isFree = false;
  owing.delete(line);
}

/** Looks, after some time of waiting, at what the threads do: whether nobody but sleepers is waited for before a trial. */
function sleepAtStart(): boolean {
  const waitedMs = native.performanceNow() - waitingSinceMs;
  if (waitedMs < (held.on ? LOOK_AFTER_MS : START_LOOK_MS)) return false;
  for (const line of owing) line.utilization ??= line.thread?.performance.eventLoopUtilization() ?? null;
  if (held.on || waitedMs < START_PATIENCE_MS) return false;
  return [...owing].every((line) => owedBy(line) === 0 || (!line.starts && sleeps(line)));
}

/** What a thread that sleeps was sent is not answered, now or ever; one that computes will still. */
function giveUp(line: ThreadLine): void {
  line.starts = false;
  line.ends = false;
  line.isFree = true;
  if (sleeps(line)) {
    for (const { shape } of line.asks) if (!echoed.has(shape)) unanswered.add(shape);
    line.asks = [];
  }
  for (const ask of line.asks) ask.givenUp = true;
  settled(line);
}

function sleeps({ thread, utilization }: ThreadLine): boolean {
  if (thread === null || utilization === null) return false;
  const { active, idle } = thread.performance.eventLoopUtilization(utilization);
  return idle > 0 && active < IDLE_SHARE * (active + idle);
}

/** Whether a thread was given up waiting for that is at work for this trial. */
export function threadsOwe(): boolean {
  for (const line of owing)
    if (line.listens() && line.asks.some(({ givenUp, lane }) => givenUp && isOfTrial(lane))) return true;
  return false;
}

const isOfTrial = (lane: Lane): boolean => lane.index >= 0 && presentLane(lane) === lane;

/** Lanes that a thread is at work for. */
export function lanesOwed(): readonly string[] {
  const background = backgroundLane();
  return [...owing]
    .flatMap(({ asks }) => asks.map(({ lane }) => presentLane(lane)))
    .flatMap((lane) => (lane === background ? [] : [lane.id]));
}
