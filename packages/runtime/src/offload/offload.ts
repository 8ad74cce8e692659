import { makePool } from './pool.ts';
import type { Offloaded, PoolOptions, PoolStats, ThreadFunction } from './pool.ts';

/** An offloaded function with the pool that is behind it. */
export type OffloadedFunction<F extends ThreadFunction> = Offloaded<F> & {
  stats(): PoolStats;
  close(drainMs?: number): Promise<void>;
};

/**
 * The default export of a module, run in worker threads:
 * `const render = offload<typeof import('./render.js').default>(new URL('./render.js', import.meta.url))`,
 * then `await render(input)` in a handler. Cancelled with the call it runs in, killed at its deadline.
 */
export function offload<F extends ThreadFunction>(
  file: URL | string,
  options: PoolOptions = {},
): OffloadedFunction<F> {
  const pool = makePool<{ default: F }>(file, options, offload);
  return Object.assign(pool.task('default') as Offloaded<F>, {
    stats: () => pool.stats(),
    close: async (drainMs?: number) => pool.close(drainMs),
  });
}
