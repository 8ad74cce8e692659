import { AsyncResource, createHook, executionAsyncResource } from 'node:async_hooks';
import type { HookCallbacks } from 'node:async_hooks';
import { isPromise } from 'node:util/types';

/** What is told about every callback that Node runs on the main thread. */
export interface SwitchListener {
  /** A callback starts within another one. */
  readonly nested: boolean;
  /** A callback starts. `macro`: the event loop called it, it is no microtask or nextTick of what ran before. */
  starts(macro: boolean): void;
  ends(): void;
  /** Instead of both, where the ends of microtasks are not wanted: a promise's callback starts. */
  continues(): void;
  /** An exception went through everything that was running. */
  unwound(): void;
}

interface PromiseHooks {
  onBefore(hook: () => void): () => void;
  onAfter(hook: () => void): () => void;
}

/** Starts telling `listener`; the returned function ends it. `coarse`: where Node can do without, the ends of promises' callbacks are not told. */
export function listenToSwitches(listener: SwitchListener, coarse: boolean): () => void {
  const stopHearing = promisesCanBeLeftOut() ? listenLightly(listener, coarse) : listenFully(listener);
  // After an exception that the server survives, Node skips the `after` of everything on its stack.
  const unwound = (): void => {
    listener.unwound();
  };
  process.on('uncaughtExceptionMonitor', unwound);
  return () => {
    process.off('uncaughtExceptionMonitor', unwound);
    stopHearing();
  };
}

/** async_hooks that know `trackPromises` validate it; those that do not ignore it. */
function promisesCanBeLeftOut(): boolean {
  try {
    createHook({ before() {}, trackPromises: 'not a boolean' } as HookCallbacks);
    return false;
  } catch {
    return true;
  }
}

function listenFully(listener: SwitchListener): () => void {
  const hook = createHook(callbacksFor(listener)).enable();
  return () => hook.disable();
}

/** Promise hooks straight from V8 spare async_hooks' bookkeeping of every promise. */
function listenLightly(listener: SwitchListener, coarse: boolean): () => void {
  const { promiseHooks } = process.getBuiltinModule('node:v8') as unknown as { promiseHooks: PromiseHooks };
  const stopBefore = promiseHooks.onBefore(
    coarse
      ? () => {
          listener.continues();
        }
      : () => {
          listener.starts(false);
        },
  );
  const stopAfter = coarse
    ? () => {}
    : promiseHooks.onAfter(() => {
        listener.ends();
      });
  const hook = createHook({ ...callbacksFor(listener), trackPromises: false } as HookCallbacks).enable();
  return () => {
    hook.disable();
    stopBefore();
    stopAfter();
  };
}

function callbacksFor(listener: SwitchListener): HookCallbacks {
  return {
    before() {
      // Asking for the resource costs more than all the rest: only where the answer matters.
      listener.starts(!listener.nested && isMacrotask(executionAsyncResource()));
    },
    after() {
      listener.ends();
    },
  };
}

/** Whether the event loop itself calls back on `resource`. nextTick callbacks are plain objects; AsyncResources run within whatever called them. */
export function isMacrotask(resource: object | undefined): boolean {
  // In the order of how often they come: nextTick callbacks several times in a call.
  return (
    resource !== undefined &&
    Object.getPrototypeOf(resource) !== Object.prototype &&
    !isPromise(resource) &&
    !(resource instanceof AsyncResource)
  );
}
