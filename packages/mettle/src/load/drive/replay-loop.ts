import { channelNow } from '../../session/channel/channel.ts';
import type { CallEnd, CallUnderWay } from '../../session/channel/channel.ts';
import type { LatencyHistogram } from '../../stats/index.ts';
import { eventsOf, ReplayLanes } from '../replay/lanes.ts';
import type { LaneWork, ReplayEvent } from '../replay/lanes.ts';
import type { ScheduledCall } from '../replay/schedule.ts';
import type { Client } from './driver.ts';
import type { LoadRun } from './load-run.ts';
import { holdUntil } from './open-loop.ts';
import type { Pacer } from './pacer.ts';

/** What is made again, and by whom. */
export type Replay = Pick<LaneWork<Client>, 'schedule' | 'log' | 'open' | 'close'>;

export interface ReplayLoopSetting extends Replay {
  readonly startMs: number;
  readonly pacer: Pacer;
  /** Gets how late each call was begun that waited for nothing. */
  readonly lateness: LatencyHistogram;
}

/** Begins each call at its time, in the session that made it. Resolves when all have ended. */
export function driveReplay(run: LoadRun, setting: ReplayLoopSetting): Promise<void> {
  const { schedule, startMs, pacer, lateness } = setting;
  const events = eventsOf(schedule);
  return new Promise((resolve) => {
    const lanes = lanesOf(run, setting, resolve);
    let at = 0;
    pacer.run(
      events.map(({ atMs }) => startMs + atMs)[Symbol.iterator](),
      (dueMs) => {
        const { session, call } = events[at++] as ReplayEvent;
        if (!run.goesOn()) lanes.stop();
        else if (call === null) lanes.open(session);
        else {
          const nowMs = holdUntil(dueMs);
          if (lanes.due(call, dueMs, nowMs)) lateness.record(Math.max(0, nowMs - dueMs));
        }
      },
      () => lanes.allDue(),
    );
  });
}

function lanesOf(run: LoadRun, setting: Replay, resolve: () => void): ReplayLanes<Client> {
  const { schedule, log, open, close } = setting;
  const subjects = new Map(run.mix.subjects.map(({ name }, i) => [name, i]));
  return new ReplayLanes<Client>({
    schedule,
    log,
    open,
    close,
    now: channelNow,
    make({ call, client, fault, intendedAtMs, nowMs }, ended) {
      run.taken++;
      run.record.begun();
      const subject = subjects.get(call.subject.name) as number;
      const made = new ReplayedCall(run, { subject, call, intendedAtMs }, ended);
      if (client === null) made.ended('connection', nowMs, 0, fault);
      else made.send(client, nowMs);
    },
    finished() {
      run.record.offering = false;
      resolve();
    },
  });
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
