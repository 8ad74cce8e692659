/** Small collections that an object survives before V8 moves it among the old ones; a full one moves it at once. */
const SURVIVED_WHEN_OLD = 2;

/**
 * Calls back after each full garbage collection but the first two or three, until the returned function is called. It
 * costs nothing between: a PerformanceObserver for 'gc' would wake up for every small collection. Weak references to
 * young objects are cleared by small collections too (since V8 14); to old ones only by full collections. So the token
 * whose end is told has always survived a full collection, or two small ones, before it is let go.
 */
export function afterFullCollections(callback: () => void): () => void {
  let watching = true;
  let survived = 0;
  let ageing: object = {};
  const registry = new FinalizationRegistry((token: 'young' | 'old') => {
    if (!watching) return;
    if (token === 'old') {
      callback();
      letGo();
    } else if (++survived < SURVIVED_WHEN_OLD) awaitAny();
    else letGo();
  });
  const awaitAny = (): void => registry.register({}, 'young');
  const letGo = (): void => {
    registry.register(ageing, 'old');
    ageing = {};
  };
  awaitAny();
  return () => {
    watching = false;
  };
}
