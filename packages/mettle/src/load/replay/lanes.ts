import type { ReplaySchedule, ScheduledCall } from './schedule.ts';

/** How the calls of a replay went, by their index in the schedule. */
export class ReplayLog {
  /** As a recorder would have put it; null: not made, or not answered. */
  readonly ends: (string | null)[];
  held = 0;
  longestHeldMs = 0;
  mostUnderWay = 0;

  constructor(calls: number) {
    this.ends = Array.from({ length: calls }, () => null);
  }
}

/** One call of a replay whose turn has come. */
export interface DueCall<Client> {
  readonly call: ScheduledCall;
  /** Null when its session could not be opened. */
  readonly client: Client | null;
  /** Why that is so. */
  readonly fault: string | null;
  /** When its client would have made it. */
  readonly intendedAtMs: number;
  readonly nowMs: number;
}

/** What makes the calls. */
export interface LaneWork<Client> {
  readonly schedule: ReplaySchedule;
  readonly log: ReplayLog;
  readonly now: () => number;
  /** Opens a session of the replay, by its number; rejects when the server cannot be reached. */
  readonly open: (session: number) => Promise<Client>;
  /** Told when the last call of a session has ended. */
  readonly close: (session: number, client: Client) => void;
  /** Makes a call and says, once, how it ended. */
  readonly make: (due: DueCall<Client>, ended: (end: string) => void) => void;
  /** Told once: no call is under way, and none will come. */
  readonly finished: () => void;
}

/** What comes at a time of the replay. */
export interface ReplayEvent {
  readonly atMs: number;
  readonly session: number;
  /** Null: the session is to be opened. */
  readonly call: number | null;
}

/** Sessions are opened so long before their first call: a client shakes hands before it asks. */
const OPEN_AHEAD_MS = 1000;

/** When sessions are opened and calls come, in order. */
export function eventsOf({ calls, sessions }: ReplaySchedule): readonly ReplayEvent[] {
  const opening = sessions.map(({ startMs }, session): ReplayEvent => ({
    atMs: Math.max(0, startMs - OPEN_AHEAD_MS),
    session,
    call: null,
  }));
  const made = calls.map(({ atMs, session }, call): ReplayEvent => ({ atMs, session, call }));
  // Stable: of one moment, sessions are opened first.
  return [...opening, ...made].toSorted((a, b) => a.atMs - b.atMs);
}

/** One session of the replay. */
interface Lane<Client> {
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

/**
 * The sessions of a replay side by side. A call waits for what its client had the answers of when it made it, so that a slow
 * server changes neither the order nor what runs together.
 */
export class ReplayLanes<Client> {
  readonly #work: LaneWork<Client>;
  readonly #lanes: readonly Lane<Client>[];
  #underWay = 0;
  #allDue = false;
  #stopped = false;
  #finished = false;

  constructor(work: LaneWork<Client>) {
    this.#work = work;
    this.#lanes = work.schedule.sessions.map(({ calls }) => ({
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
    const lane = this.#lanes[session] as Lane<Client>;
    if (lane.opening || this.#stopped) return;
    lane.opening = true;
    void this.#openLane(lane, session);
  }

  async #openLane(lane: Lane<Client>, session: number): Promise<void> {
    try {
      lane.client = await this.#work.open(session);
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

  #ended(index: number, end: string): void {
    const { schedule, log, close } = this.#work;
    const { session, endRank } = schedule.calls[index] as ScheduledCall;
    const lane = this.#lanes[session] as Lane<Client>;
    log.ends[index] = end;
    this.#underWay--;
    lane.ended[endRank] = true;
    while (lane.ended[lane.answered] === true) lane.answered++;
    lane.left--;
    if (lane.left === 0 && lane.client !== null) close(session, lane.client);
    if (lane.client !== null) this.#beginWaiting(lane, true);
    this.#finishIfDone();
  }

  #laneOf(call: number): Lane<Client> {
    return this.#lanes[(this.#work.schedule.calls[call] as ScheduledCall).session] as Lane<Client>;
  }

  #mayBegin(lane: Lane<Client>, call: number): boolean {
    const { follows } = this.#work.schedule.calls[call] as ScheduledCall;
    return (lane.client !== null || lane.fault !== null) && lane.answered >= follows;
  }

  /** Calls of a session are begun in their order: the first that may not begin holds up those behind it. */
  #beginWaiting(lane: Lane<Client>, hadToFollow: boolean): void {
    while (!this.#stopped) {
      const [next] = lane.waiting;
      if (next === undefined || !this.#mayBegin(lane, next.call)) return;
      lane.waiting.shift();
      const nowMs = this.#work.now();
      if (hadToFollow) {
        const { log } = this.#work;
        log.held++;
        log.longestHeldMs = Math.max(log.longestHeldMs, nowMs - next.dueMs);
      }
      // Its client would have made it now: the wait is not this call's.
      this.#begin(lane, next.call, nowMs, nowMs);
    }
  }

  #begin({ client, fault }: Lane<Client>, index: number, intendedAtMs: number, nowMs: number): void {
    const { schedule, log, make } = this.#work;
    const call = schedule.calls[index] as ScheduledCall;
    this.#underWay++;
    log.mostUnderWay = Math.max(log.mostUnderWay, this.#underWay);
    make({ call, client, fault, intendedAtMs, nowMs }, (end) => this.#ended(index, end));
  }

  #finishIfDone(): void {
    if (this.#underWay > 0 || this.#finished) return;
    const waits = this.#lanes.some(({ waiting }) => waiting.length > 0);
    if (!this.#stopped && (!this.#allDue || waits)) return;
    this.#stopped = true;
    this.#finished = true;
    this.#work.finished();
  }
}
