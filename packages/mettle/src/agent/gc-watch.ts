/** One garbage collection; times are performance.now(). */
export interface Collection {
  readonly startedAtMs: number;
  readonly durationMs: number;
}

/** Tells each garbage collection soon after it happened; the returned function ends it. */
export function watchGarbageCollection(tell: (collection: Collection) => void): () => void {
  const { PerformanceObserver } = process.getBuiltinModule('node:perf_hooks');
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      tell({ startedAtMs: startTime, durationMs: duration });
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}
