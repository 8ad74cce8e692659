import type { LoadShape } from '../../evidence/index.ts';
import { channelNow } from '../../session/channel/channel.ts';
import type { CallEnd, CallUnderWay } from '../../session/channel/channel.ts';
import type { LatencyHistogram } from '../../stats/index.ts';
import { arrivals } from './arrivals.ts';
import type { Client } from './driver.ts';
import type { LoadRun } from './load-run.ts';
import type { Pacer } from './pacer.ts';

type OpenShape = Extract<LoadShape, { readonly kind: 'open' }>;

/** More than the pacer's lead: whatever the clocks say, the loop is not held longer. */
const LONGEST_LEAD_MS = 0.25;

export interface OpenLoopSetting {
  readonly shape: OpenShape;
  readonly startMs: number;
  readonly pacer: Pacer;
  readonly random: () => number;
  /** Gets how late each call was begun. */
  readonly lateness: LatencyHistogram;
}

/** Begins calls when the schedule says so, whatever became of those before; resolves when all have ended. */
export function driveOpen(run: LoadRun, setting: OpenLoopSetting): Promise<void> {
  const { shape, startMs, pacer, random, lateness } = setting;
  const clients = run.driver.clients.slice(0, shape.connections);
  let left = 0;
  let offered = false;
  let turn = 0;
  return new Promise((resolve) => {
    const free: OpenCall[] = [];
    const ended = (call: OpenCall): void => {
      left--;
      free.push(call);
      if (offered && left === 0) resolve();
    };
    const finish = (): void => {
      if (offered) return;
      offered = true;
      run.record.offering = false;
      if (left === 0) resolve();
    };
    pacer.run(
      absolute(arrivals(shape, random), startMs),
      (intendedAtMs) => {
        if (offered || !run.goesOn()) {
          finish();
          return;
        }
        left++;
        const nowMs = holdUntil(intendedAtMs);
        lateness.record(Math.max(0, nowMs - intendedAtMs));
        const call = free.pop() ?? new OpenCall(run, ended);
        call.begin(clients[turn++ % clients.length] as Client, intendedAtMs, nowMs);
      },
      finish,
    );
  });
}

/** The pacer wakes a moment before: returns at the time, or at once when it has passed. */
export function holdUntil(intendedAtMs: number): number {
  let nowMs = channelNow();
  const latestMs = nowMs + LONGEST_LEAD_MS;
  while (nowMs < intendedAtMs && nowMs < latestMs) nowMs = channelNow();
  return nowMs;
}

function* absolute(times: Iterable<number>, startMs: number): Generator<number, void> {
  for (const ms of times) yield startMs + ms;
}

/** One call at a time; used again when it has ended. */
class OpenCall implements CallUnderWay {
  readonly #run: LoadRun;
  readonly #done: (call: OpenCall) => void;
  #client: Client | null = null;
  #subject = 0;
  #intendedAtMs = 0;
  #bytesSent = 0;

  constructor(run: LoadRun, done: (call: OpenCall) => void) {
    this.#run = run;
    this.#done = done;
  }

  begin(client: Client, intendedAtMs: number, nowMs: number): void {
    const run = this.#run;
    this.#client = client;
    this.#intendedAtMs = intendedAtMs;
    this.#subject = run.mix.draw();
    run.taken++;
    run.record.begun();
    this.#bytesSent = run.send(client, this.#subject, this, nowMs);
  }

  ended(end: CallEnd, atMs: number, bytes: number, message: string | null): void {
    if (end === 'input-required') {
      if (this.#client !== null) this.#run.askedBack(this.#client, this.#subject, this, channelNow());
      return;
    }
    const latencyMs = atMs - this.#intendedAtMs;
    this.#run.record.ended(
      this.#subject,
      end,
      { latencyMs, atMs, bytesSent: this.#bytesSent, bytes },
      message,
    );
    this.#done(this);
  }
}
