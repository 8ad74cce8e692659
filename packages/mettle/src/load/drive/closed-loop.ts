import type { LoadShape } from '../../evidence/index.ts';
import { channelNow } from '../../session/channel/channel.ts';
import type { CallEnd, CallUnderWay } from '../../session/channel/channel.ts';
import type { LoadRun } from './load-run.ts';
import type { Client } from './driver.ts';

type ClosedShape = Extract<LoadShape, { readonly kind: 'closed' }>;

/** Clients that call, wait for the answer, think, and call again, until the run says that it is enough. */
export function driveClosed(run: LoadRun, shape: ClosedShape, random: () => number): Promise<void> {
  const { clients } = run.driver;
  const lanes = clients
    .slice(0, shape.connections)
    .flatMap((client) => Array.from({ length: shape.inFlight }, () => client));
  return new Promise((resolve) => {
    let left = lanes.length;
    const done = (): void => {
      if (--left === 0) resolve();
    };
    for (const client of lanes) new Lane(run, client, shape.thinkTimeMs, random, done).start();
  });
}

/** One call after the other. It is its calls' own record, so that none is allocated for them. */
class Lane implements CallUnderWay {
  readonly #run: LoadRun;
  readonly #client: Client;
  readonly #thinkTimeMs: number;
  readonly #random: () => number;
  readonly #done: () => void;
  #subject = 0;
  #startedAtMs = 0;
  #bytesSent = 0;

  constructor(run: LoadRun, client: Client, thinkTimeMs: number, random: () => number, done: () => void) {
    this.#run = run;
    this.#client = client;
    this.#thinkTimeMs = thinkTimeMs;
    this.#random = random;
    this.#done = done;
  }

  start(): void {
    // Users do not begin to think at the same moment.
    if (this.#thinkTimeMs > 0) this.#think(this.#random() * this.#thinkTimeMs);
    else this.#next();
  }

  ended(end: CallEnd, atMs: number, bytes: number, message: string | null): void {
    const run = this.#run;
    if (end === 'input-required') {
      run.askedBack(this.#client, this.#subject, this, this.#startedAtMs);
      return;
    }
    const latencyMs = atMs - this.#startedAtMs;
    run.record.ended(this.#subject, end, { latencyMs, atMs, bytesSent: this.#bytesSent, bytes }, message);
    // Half to one and a half times the mean, so that users do not fall into step.
    if (this.#thinkTimeMs > 0) this.#think((0.5 + this.#random()) * this.#thinkTimeMs);
    else this.#next();
  }

  #think(ms: number): void {
    if (!this.#run.goesOn()) this.#done();
    else this.#run.later(() => this.#next(), ms);
  }

  #next(): void {
    const run = this.#run;
    if (!run.goesOn()) {
      this.#done();
      return;
    }
    this.#subject = run.mix.draw();
    run.taken++;
    const startedAtMs = channelNow();
    this.#startedAtMs = startedAtMs;
    run.record.begun();
    this.#bytesSent = run.send(this.#client, this.#subject, this, startedAtMs);
  }
}
