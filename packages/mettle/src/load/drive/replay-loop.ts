import { channelNow } from '../../session/channel/channel.ts';
import type { CallEnd, CallUnderWay } from '../../session/channel/channel.ts';
import type { LatencyHistogram } from '../../stats/index.ts';
import type { ReplaySchedule, ScheduledCall } from '../replay/schedule.ts';
import type { Client } from './driver.ts';
import type { LoadRun } from './load-run.ts';
import { holdUntil } from './open-loop.ts';
import type { Pacer } from './pacer.ts';

/** What is made again, and by whom. */
export interface Replay {
  readonly schedule: ReplaySchedule;
  readonly log: ReplayLog;
  /** Opens a session of the replay, by its number; rejects when the server cannot be reached. */
  readonly open: (session: number) => Promise<Client>;
  /** Told when the last call of a session has ended. */
  readonly close: (session: number, client: Client) => void;
}

/** How the calls of a replay went, by their index in the schedule. */
export class ReplayLog {
  readonly ends: (Exclude<CallEnd, 'input-required'> | null)[];
  held = 0;
  longestHeldMs = 0;
  mostUnderWay = 0;

  constructor(calls: number) {
    this.ends = Array.from({ length: calls }, () => null);
  }
}

export interface ReplayLoopSetting extends Replay {
  readonly startMs: number;
  readonly pacer: Pacer;
  /** Gets how late each call was begun that waited for nothing. */
  readonly lateness: LatencyHistogram;
}

/** Sessions are opened so long before their first call: a client shakes hands before it asks. */
const OPEN_AHEAD_MS = 1000;

interface Event {
  readonly atMs: number;
  readonly session: number;
  /** Null: the session is to be opened. */
  readonly call: number | null;
}

/**
 * Begins each call at its time, in the session that made it. A call waits for what its client had the answers of when it
 * made it, so that a slow server changes neither the order nor what runs together. Resolves when all have ended.
 */
export function driveReplay(run: LoadRun, setting: ReplayLoopSetting): Promise<void> {
  const { schedule, startMs, pacer, lateness } = setting;
  const events = eventsOf(schedule);
  return new Promise((resolve) => {
    const replaying = new Replaying(run, setting, resolve);
    let at = 0;
    pacer.run(
      events.map(({ atMs }) => startMs + atMs)[Symbol.iterator](),
      (dueMs) => {
        const { session, call } = events[at++] as Event;
        if (!run.goesOn()) replaying.stop();
        else if (call === null) replaying.open(session);
        else {
          const nowMs = holdUntil(dueMs);
          if (replaying.due(call, dueMs, nowMs)) lateness.record(Math.max(0, nowMs - dueMs));
        }
      },
      () => replaying.allDue(),
    );
  });
}

function eventsOf({ calls, sessions }: ReplaySchedule): readonly Event[] {
  const opening = sessions.map(({ startMs }, session): Event => ({
    atMs: Math.max(0, startMs - OPEN_AHEAD_MS),
    session,
    call: null,
  }));
  const made = calls.map(({ atMs, session }, call): Event => ({ atMs, session, call }));
  // Stable: of one moment, sessions are opened first.
  return [...opening, ...made].toSorted((a, b) => a.atMs - b.atMs);
}

/** One session of the replay. */
interface Lane {
  client: Client | null;
  opening: boolean;
  /** Why it could not be opened. */
  fault: string | null;
  readonly ended: boolean[];
  /** So many, in the order of the recorded answers, have ended. */
  answered: number;
  left: number;
  /** Due, and not begun yet. */
  waiting: { readonly call: number; readonly dueMs: number }[];
}

class Replaying {
  readonly #run: LoadRun;
  readonly #setting: ReplayLoopSetting;
  readonly #lanes: readonly Lane[];
  readonly #subjects: ReadonlyMap<string, number>;
  readonly #resolve: () => void;
  #underWay = 0;
  #allDue = false;
  #stopped = false;

  constructor(run: LoadRun, setting: ReplayLoopSetting, resolve: () => void) {
    this.#run = run;
    this.#setting = setting;
    this.#resolve = resolve;
    this.#subjects = new Map(run.mix.subjects.map(({ name }, i) => [name, i]));
    this.#lanes = setting.schedule.sessions.map(({ calls }) => ({
      client: null,
      opening: false,
      fault: null,
      ended: Array.from({ length: calls }, () => false),
      answered: 0,
      left: calls,
      waiting: [],
    }));
  }

  open(session: number): void {
    const lane = this.#lanes[session] as Lane;
    if (lane.opening || this.#stopped) return;
    lane.opening = true;
    void this.#openLane(lane, session);
  }

  async #openLane(lane: Lane, session: number): Promise<void> {
    try {
      lane.client = await this.#setting.open(session);
    } catch (error) {
      lane.fault = (error as Error).message;
    }
    this.#beginWaiting(lane, false);
  }

  /** A call's time has come; whether it was begun at once. */
  due(call: number, dueMs: number, nowMs: number): boolean {
    if (this.#stopped) return false;
    const lane = this.#laneOf(call);
    const goes = lane.waiting.length === 0 && this.#mayBegin(lane, call);
    if (goes) this.#begin(lane, call, dueMs, nowMs);
    else lane.waiting.push({ call, dueMs });
    return goes;
  }

  allDue(): void {
    this.#allDue = true;
    this.#finishIfDone();
  }

  /** No more calls are begun. */
  stop(): void {
    this.#stopped = true;
    this.#finishIfDone();
  }

  #ended(index: number, end: Exclude<CallEnd, 'input-required'>): void {
    const { schedule, log, close } = this.#setting;
    const { session, endRank } = schedule.calls[index] as ScheduledCall;
    const lane = this.#lanes[session] as Lane;
    log.ends[index] = end;
    this.#underWay--;
    lane.ended[endRank] = true;
    while (lane.ended[lane.answered] === true) lane.answered++;
    lane.left--;
    if (lane.left === 0 && lane.client !== null) close(session, lane.client);
    if (lane.client !== null) this.#beginWaiting(lane, true);
    this.#finishIfDone();
  }

  #laneOf(call: number): Lane {
    return this.#lanes[(this.#setting.schedule.calls[call] as ScheduledCall).session] as Lane;
  }

  #mayBegin(lane: Lane, call: number): boolean {
    const { follows } = this.#setting.schedule.calls[call] as ScheduledCall;
    return (lane.client !== null || lane.fault !== null) && lane.answered >= follows;
  }

  /** Calls of a session are begun in their order: the first that may not begin holds up those behind it. */
  #beginWaiting(lane: Lane, hadToFollow: boolean): void {
    while (!this.#stopped) {
      const [next] = lane.waiting;
      if (next === undefined || !this.#mayBegin(lane, next.call)) return;
      lane.waiting.shift();
      const nowMs = channelNow();
      if (hadToFollow) {
        const { log } = this.#setting;
        log.held++;
        log.longestHeldMs = Math.max(log.longestHeldMs, nowMs - next.dueMs);
      }
      // Its client would have made it now: the wait is not this call's.
      this.#begin(lane, next.call, nowMs, nowMs);
    }
  }

  #begin(lane: Lane, index: number, intendedAtMs: number, nowMs: number): void {
    const call = this.#setting.schedule.calls[index] as ScheduledCall;
    const subject = this.#subjects.get(call.subject.name) as number;
    this.#run.taken++;
    this.#run.record.begun();
    this.#underWay++;
    this.#setting.log.mostUnderWay = Math.max(this.#setting.log.mostUnderWay, this.#underWay);
    const made = new ReplayedCall(this.#run, { subject, call, intendedAtMs }, (end) =>
      this.#ended(index, end),
    );
    if (lane.client === null) made.ended('connection', nowMs, 0, lane.fault);
    else made.send(lane.client, nowMs);
  }

  #finishIfDone(): void {
    if (this.#underWay > 0) return;
    const waits = this.#lanes.some(({ waiting }) => waiting.length > 0);
    if (!this.#stopped && (!this.#allDue || waits)) return;
    this.#stopped = true;
    this.#run.record.offering = false;
    this.#resolve();
  }
}

class ReplayedCall implements CallUnderWay {
  readonly #run: LoadRun;
  readonly #made: {
    readonly subject: number;
    readonly call: ScheduledCall;
    readonly intendedAtMs: number;
  };
  readonly #done: (end: Exclude<CallEnd, 'input-required'>) => void;
  #client: Client | null = null;
  #bytesSent = 0;

  constructor(
    run: LoadRun,
    made: { readonly subject: number; readonly call: ScheduledCall; readonly intendedAtMs: number },
    done: (end: Exclude<CallEnd, 'input-required'>) => void,
  ) {
    this.#run = run;
    this.#made = made;
    this.#done = done;
  }

  send(client: Client, nowMs: number): void {
    const { subject, call } = this.#made;
    this.#client = client;
    this.#bytesSent = this.#run.send(client, subject, this, nowMs, call.request);
  }

  ended(end: CallEnd, atMs: number, bytes: number, message: string | null): void {
    const { subject, call, intendedAtMs } = this.#made;
    if (end === 'input-required') {
      if (this.#client !== null) this.#run.askedBack(this.#client, subject, this, channelNow(), call.request);
      return;
    }
    const latencyMs = atMs - intendedAtMs;
    this.#run.record.ended(subject, end, { latencyMs, atMs, bytesSent: this.#bytesSent, bytes }, message);
    this.#done(end);
  }
}
