import { AsyncLocalStorage, AsyncResource, executionAsyncResource } from 'node:async_hooks';

/*
 * What AsyncLocalStorage.run does, at two thirds of the price where Node keeps contexts in frames (24 and later): `run`
 * makes a frame to enter and another one to leave, each a copy of the map of all stores. A resource keeps the frame
 * that was there and puts that one back.
 */
const OF_NODE = { requireManualDestroy: true };

/** A value that belongs to a piece of work and to all that it starts. */
export class Scope<Value> {
  readonly #storage = new AsyncLocalStorage<Value>();
  readonly run: <T>(value: Value, work: () => T) => T;

  constructor() {
    const storage = this.#storage;
    const enter = <T>(value: Value, work: () => T): T => {
      storage.enterWith(value);
      return work();
    };
    this.run = contextIsInFrames()
      ? (value, work) =>
          new AsyncResource('METTLE_SCOPE', OF_NODE).runInAsyncScope(
            enter as typeof enter<ReturnType<typeof work>>,
            undefined,
            value,
            work,
          )
      : (value, work) => storage.run(value, work);
  }

  /** The value of the innermost work around. */
  current(): Value | undefined {
    return this.#storage.getStore();
  }
}

/** Otherwise the store is a property of the resource that runs, and `run` costs next to nothing. */
function contextIsInFrames(): boolean {
  const resource = executionAsyncResource();
  const before = Reflect.ownKeys(resource).length;
  const storage = new AsyncLocalStorage<number>();
  const isInFrames = storage.run(1, () => Reflect.ownKeys(resource).length === before);
  storage.disable();
  return isInFrames;
}
