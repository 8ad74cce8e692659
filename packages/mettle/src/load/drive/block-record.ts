import type { Subject } from '../../evidence/index.ts';
import type { CallEnd } from '../../session/channel/channel.ts';
import { SubjectTally } from './subject-tally.ts';
import { Timeline } from './timeline.ts';

/** What a block gathers while it runs: adding a call costs well under a microsecond. */
export class BlockRecord {
  /** Of all together; of a single subject its own. */
  readonly total: SubjectTally;
  readonly tallies: readonly SubjectTally[];
  readonly timeline: Timeline;
  /** Calls begun and not ended. */
  inFlight = 0;
  /** Failures of the connection, one after the other. */
  lost = 0;
  lastEndMs = 0;
  /** Successes until the offering of calls ended. */
  okInTime = 0;
  offering = true;
  #inFlightSum = 0;
  #inFlightSamples = 0;

  constructor(subjects: readonly Subject[], startMs: number, expectedMs: number) {
    this.tallies = subjects.map((subject) => new SubjectTally(subject));
    const [first, ...others] = this.tallies;
    this.total =
      first !== undefined && others.length === 0 ? first : new SubjectTally({ name: '', kind: 'method' });
    this.timeline = new Timeline(startMs, expectedMs);
  }

  begun(): void {
    this.inFlight++;
    this.timeline.started();
  }

  ended(
    subject: number,
    end: Exclude<CallEnd, 'input-required'>,
    call: {
      readonly latencyMs: number;
      readonly atMs: number;
      readonly bytesSent: number;
      readonly bytes: number;
    },
    message: string | null,
  ): void {
    const tally = this.tallies[subject] as SubjectTally;
    this.inFlight--;
    this.lastEndMs = call.atMs;
    if (end === 'ok') {
      this.lost = 0;
      if (this.offering) this.okInTime++;
      tally.succeeded(call.latencyMs, call.bytesSent, call.bytes);
      if (tally !== this.total) this.total.succeeded(call.latencyMs, call.bytesSent, call.bytes);
      this.timeline.succeeded(call.latencyMs);
      return;
    }
    this.lost = end === 'connection' ? this.lost + 1 : 0;
    const took = { latencyMs: call.latencyMs, bytesSent: call.bytesSent, bytesReceived: call.bytes };
    tally.failedWith(end, message, took);
    if (tally !== this.total) this.total.failedWith(end, message, took);
    this.timeline.failed();
  }

  /** To be called at regular times: how many are in flight is then known apart from the latencies. */
  sampleInFlight(): void {
    this.#inFlightSum += this.inFlight;
    this.#inFlightSamples++;
  }

  get meanInFlight(): number | null {
    return this.#inFlightSamples === 0 ? null : this.#inFlightSum / this.#inFlightSamples;
  }
}
