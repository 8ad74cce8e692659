import type { CallUnderWay } from '../../session/channel/channel.ts';
import { channelNow } from '../../session/channel/channel.ts';
import type { BlockRecord } from './block-record.ts';
import type { Client, Driver } from './driver.ts';
import type { Encoder } from './encoder.ts';
import type { Mix } from './mix.ts';

/** Calls lost one after the other, per call that may be under way, that make a server one that is gone. */
const LOST_PER_CALL_UNDER_WAY = 3;

/** One block under way: what both loops share. */
export class LoadRun {
  readonly driver: Driver;
  readonly mix: Mix;
  readonly record: BlockRecord;
  /** Calls begun. */
  taken = 0;
  /** Why it is over before its time; null while it is not. */
  endedEarly: string | null = null;
  readonly #encoder: Encoder;
  readonly #limits: {
    readonly calls: number;
    readonly untilMs: number;
    readonly inFlight: number;
    readonly signal: AbortSignal;
  };
  readonly #timers = new Set<() => void>();

  constructor(
    driver: Driver,
    mix: Mix,
    record: BlockRecord,
    encoder: Encoder,
    limits: {
      readonly calls: number;
      readonly untilMs: number;
      readonly inFlight: number;
      readonly signal: AbortSignal;
    },
  ) {
    this.driver = driver;
    this.mix = mix;
    this.record = record;
    this.#encoder = encoder;
    this.#limits = limits;
  }

  /** Whether another call is to begin. */
  goesOn(): boolean {
    const { calls, untilMs, inFlight, signal } = this.#limits;
    if (signal.aborted) this.endedEarly ??= 'interrupted';
    else if (this.record.lost >= LOST_PER_CALL_UNDER_WAY * Math.max(4, inFlight))
      this.endedEarly ??= `${this.record.lost} calls in a row were lost: the server is gone`;
    const over = this.endedEarly !== null || this.taken >= calls || channelNow() >= untilMs;
    if (over) this.record.offering = false;
    return !over;
  }

  /** Sends the request given, or else the next one of a subject; its bytes. */
  send(
    client: Client,
    subject: number,
    underWay: CallUnderWay,
    nowMs: number,
    request?: ReturnType<Mix['next']>,
  ): number {
    const asking = this.driver.asking;
    const slow = asking.size > 0 && asking.has(this.mix.subjects[subject]?.name ?? '');
    const channel = slow ? client.slow : client.channel;
    const call = this.#encoder.next(subject, channel, request);
    channel.send(call, underWay, nowMs);
    return call.bytes;
  }

  /** The server asked something instead of answering: from now on this subject goes the way that can answer. */
  askedBack(
    client: Client,
    subject: number,
    underWay: CallUnderWay,
    startedAtMs: number,
    request?: ReturnType<Mix['next']>,
  ): void {
    this.driver.asking.add(this.mix.subjects[subject]?.name ?? '');
    this.send(client, subject, underWay, startedAtMs, request);
  }

  /** Calls back after a while, or at once when the block is ended meanwhile. */
  later(action: () => void, ms: number): void {
    const run = (): void => {
      clearTimeout(timer);
      this.#timers.delete(run);
      action();
    };
    const timer = setTimeout(run, ms);
    this.#timers.add(run);
  }

  /** Ends all pauses. */
  hurry(): void {
    for (const run of this.#timers) run();
  }

  expire(sentBeforeMs: number): void {
    for (const { channel, slow } of this.driver.clients) {
      channel.expire(sentBeforeMs);
      if (slow.underWay > 0) slow.expire(sentBeforeMs);
    }
  }

  /** Forgets what is under way; how many calls that were. */
  abandon(): number {
    let count = 0;
    for (const { channel, slow } of this.driver.clients) {
      count += channel.underWay + slow.underWay;
      channel.abandon();
      slow.abandon();
    }
    return count;
  }
}
