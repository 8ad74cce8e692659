import type { ChannelConfig } from '../config/config.ts';
import type { Store } from '../store/store.ts';
import { send, type Alert } from './send.ts';

/** Seconds first, then ten minutes: a channel that is down comes back by itself. */
const FIRST_RETRY_MS = 5000;
const LONGEST_RETRY_MS = 600_000;
const AT_ONCE = 20;

/** Delivers what waits in the store, each alert to each channel once, again and again until it is accepted. */
export class Outbox {
  readonly #store: Store;
  readonly #channels: readonly ChannelConfig[];
  readonly #complain: (sentence: string) => void;
  #busy: Promise<void> | null = null;

  constructor(store: Store, channels: readonly ChannelConfig[], complain: (sentence: string) => void) {
    this.#store = store;
    this.#channels = channels;
    this.#complain = complain;
  }

  /** Within the transaction that changed the state: an alert is lost only together with what it tells. */
  add(alert: Alert): void {
    for (const i of this.#channels.keys())
      this.#store.enqueue(`${alert.incident}:${alert.state}`, i, JSON.stringify(alert), Date.now());
  }

  /** Sends what is due; one round at a time. */
  flush(): Promise<void> {
    this.#busy ??= this.#round().finally(() => (this.#busy = null));
    return this.#busy;
  }

  async #round(): Promise<void> {
    const due = this.#store.dueAlerts(Date.now(), AT_ONCE);
    await Promise.all(
      due.map(async ({ id, channel, body, attempts }) => {
        const config = this.#channels[channel];
        // The channel was taken out of the configuration.
        if (config === undefined) return this.#store.alertAccepted(id, Date.now());
        try {
          await send(config, JSON.parse(body) as Alert);
          this.#store.alertAccepted(id, Date.now());
        } catch (error) {
          const waitMs = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** attempts);
          this.#store.alertRefused(id, Date.now() + waitMs);
          const why = error instanceof Error ? error.message : String(error);
          this.#complain(
            `an alert was not accepted by ${config.kind} (${why}); again in ${String(waitMs / 1000)} s`,
          );
        }
      }),
    );
  }
}
