/**
 * Calls back soon after each full garbage collection, until the returned function is called. V8 clears weak references
 * only then, never in its frequent small collections, so this costs nothing in between.
 */
export function afterFullCollections(callback: () => void): () => void {
  let watching = true;
  const registry = new FinalizationRegistry(() => {
    if (!watching) return;
    callback();
    renew();
  });
  const renew = (): void => registry.register({}, undefined);
  renew();
  return () => {
    watching = false;
  };
}
