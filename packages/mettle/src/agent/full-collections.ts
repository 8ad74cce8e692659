/**
 * Calls back soon after each full garbage collection, until the returned function is called. Not by a
 * FinalizationRegistry: since V8 14 small collections serve those too.
 */
export function afterFullCollections(callback: () => void): () => void {
  const { PerformanceObserver, constants } = process.getBuiltinModule('node:perf_hooks');
  const observer = new PerformanceObserver((list) => {
    const isFull = list
      .getEntries()
      .some(
        (entry) =>
          (entry as { readonly detail?: { readonly kind?: number } }).detail?.kind ===
          constants.NODE_PERFORMANCE_GC_MAJOR,
      );
    if (isFull) callback();
  });
  observer.observe({ entryTypes: ['gc'] });
  return () => observer.disconnect();
}
