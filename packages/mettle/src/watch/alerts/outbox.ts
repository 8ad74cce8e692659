import type { ChannelConfig } from '../config/config.ts';
import type { History } from '../store/history.ts';
import type { OutboxRow } from '../store/rows.ts';
import { Refusal, send } from './send.ts';

/** Seconds first, then ten minutes: a channel that is down comes back by itself. */
const FIRST_RETRY_MS = 5000;
/** Sooner is not asked again, whatever a channel says. */
const LEAST_RETRY_MS = 1000;
const LONGEST_RETRY_MS = 600_000;
const AT_ONCE = 20;

/** Delivers what waits in the history, each alert to each channel once, again and again until it is accepted. */
export class Outbox {
  readonly #history: History;
  readonly #channels: readonly ChannelConfig[];
  readonly #complain: (sentence: string) => void;
  readonly #now: () => number;
  #busy: Promise<void> | null = null;

  constructor(
    history: History,
    channels: readonly ChannelConfig[],
    complain: (sentence: string) => void,
    now: () => number = Date.now,
  ) {
    this.#history = history;
    this.#channels = channels;
    this.#complain = complain;
    this.#now = now;
  }

  /** Sends what is due; one round at a time. Rejects when the history does not answer: then it is due still. */
  flush(): Promise<void> {
    this.#busy ??= this.#round().finally(() => (this.#busy = null));
    return this.#busy;
  }

  async #round(): Promise<void> {
    const due = await this.#history.claimAlerts(this.#now(), AT_ONCE);
    const results = await Promise.allSettled(due.map((each) => this.#handOver(each)));
    const failed = results.find((each) => each.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }

  async #handOver({ id, channel, alert, attempts }: OutboxRow): Promise<void> {
    const config = this.#channels[channel];
    // The channel was taken out of the configuration.
    if (config === undefined) return this.#history.alertAccepted(id, this.#now());
    try {
      await send(config, alert);
    } catch (error) {
      const asked = error instanceof Refusal ? error.retryAfterMs : null;
      const waitMs = Math.min(
        LONGEST_RETRY_MS,
        Math.max(LEAST_RETRY_MS, asked ?? FIRST_RETRY_MS * 2 ** attempts),
      );
      const why = error instanceof Error ? error.message : String(error);
      this.#complain(
        `an alert was not accepted by ${config.kind} (${why}); again in ${String(Math.round(waitMs / 1000))} s`,
      );
      return this.#history.alertRefused(id, this.#now() + waitMs);
    }
    return this.#history.alertAccepted(id, this.#now());
  }
}
