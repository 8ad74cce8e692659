import { RuntimeError } from '../errors.ts';
import { peer } from './peers.ts';
import type { RateLimitPackage, RateLimiter } from './peers.ts';

/** So many per time. */
export interface RateOptions {
  readonly points: number;
  readonly perMs: number;
}

/** What consumes one point of a key; the package is loaded meanwhile, and its absence told to whoever consumes. */
export function rateBy(make: (limiters: RateLimitPackage) => RateLimiter): (key: string) => Promise<void> {
  const loading = peer<RateLimitPackage>('rate-limiter-flexible').then(make);
  loading.catch(() => undefined);
  return async (key) => consume(await loading, key);
}

async function consume(limiter: RateLimiter, key: string): Promise<void> {
  try {
    await limiter.consume(key);
  } catch (error) {
    const beforeMs = (error as { msBeforeNext?: unknown } | undefined)?.msBeforeNext;
    if (typeof beforeMs !== 'number') throw error;
    throw new RuntimeError('METTLE_OVERLOADED', 'Too many calls — retry later', {
      retryAfterMs: Math.max(1, beforeMs),
    });
  }
}
