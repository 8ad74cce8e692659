import { currentCall } from '../call.ts';
import { exclusive } from '../exclusive/exclusive.ts';
import type { ExclusiveOptions } from '../exclusive/exclusive.ts';
import { createLimit } from '../limit/limit.ts';
import type { LimitOptions } from '../limit/limit.ts';
import type { Pool } from '../offload/pool.ts';
import type { Cluster, RemotePool } from './contract.ts';
import { rateBy } from './rate.ts';
import type { RateOptions } from './rate.ts';
import type { SharedLimit } from './shared-limit.ts';

/** A cluster of this process alone: the same interface, nothing in between. */
export class OneProcess implements Cluster {
  readonly connected = true;

  readonly #limits = new Map<string, SharedLimit>();

  limit(name: string, options: LimitOptions): SharedLimit {
    const known = this.#limits.get(name);
    if (known !== undefined) return known;
    const limit = createLimit(options);
    const shared: SharedLimit = {
      run: async (work, how) => limit.run(() => work(signalFor(how)), how),
      get running() {
        return limit.running;
      },
      get queued() {
        return limit.queued;
      },
    };
    this.#limits.set(name, shared);
    return shared;
  }

  async exclusive<T>(
    key: string,
    work: (signal: AbortSignal) => T | PromiseLike<T>,
    options?: ExclusiveOptions,
  ): Promise<T> {
    return exclusive(key, () => work(signalFor(options)), options);
  }

  rate(name: string, { points, perMs }: RateOptions): (key: string) => Promise<void> {
    return rateBy(
      ({ RateLimiterMemory }) => new RateLimiterMemory({ keyPrefix: name, points, duration: perMs / 1000 }),
    );
  }

  async offload<M>(_name: string, pool: Pool<M>): Promise<RemotePool<M>> {
    return { task: (name) => pool.task(name) };
  }

  async serve(): Promise<void> {}

  async close(): Promise<void> {}
}

/** What aborts the work: its caller's signal, for no place is ever lost to another process. */
function signalFor(options: { readonly signal?: AbortSignal } | undefined): AbortSignal {
  return options?.signal ?? currentCall()?.signal ?? new AbortController().signal;
}
