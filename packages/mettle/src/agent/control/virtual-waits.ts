import { AsyncResource } from 'node:async_hooks';
import { silently } from '../silently.ts';
import { drop, gate, held, hold, holding } from './held-steps.ts';
import type { HeldStep } from './held-steps.ts';
import { native } from './natives.ts';
import { calledByNode, callSite } from './sites.ts';
import { setTargetTimer } from './virtual-timers.ts';
import { wrap } from './wrapping.ts';
import type { AnyFunction } from './wrapping.ts';

/* What waits by way of timers: setImmediate, node:timers/promises, AbortSignal.timeout. */

interface WaitOptions {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}
type Wait = (this: unknown, ...args: unknown[]) => Promise<unknown>;

/** Immediates are called in the order in which they were asked for. */
const IMMEDIATES = {};
const heldImmediates = new WeakMap<object, HeldStep>();

/** Wraps them; to be called after `controlTimers`. */
export function controlWaits(): void {
  controlImmediates();
  const promises = process.getBuiltinModule('node:timers/promises');
  wrap(promises, 'setTimeout', (original) => waitFor(original as Wait));
  wrap(promises, 'setImmediate', (original) => waitForImmediate(original as Wait));
  wrap(promises, 'setInterval', () => ticks as AnyFunction);
  silently(() => {
    const { scheduler } = promises;
    wrap(
      scheduler,
      'wait',
      () => (ms: unknown, options?: unknown) =>
        promises.setTimeout(ms as number, undefined, options as WaitOptions),
    );
    wrap(scheduler, 'yield', () => () => promises.setImmediate());
  });
  wrap(
    AbortSignal,
    'timeout',
    (original) =>
      function timeout(this: unknown, ...args: unknown[]) {
        const [ms] = args;
        if (!held.on || typeof ms !== 'number') return original.apply(this, args);
        const controller = new AbortController();
        setTargetTimer(() => {
          controller.abort(new DOMException('The operation was aborted due to timeout', 'TimeoutError'));
        }, ms);
        return controller.signal;
      },
  );
}

function controlImmediates(): void {
  const module = process.getBuiltinModule('node:timers');
  wrap(module, 'setImmediate', (original) => {
    const patched = function (this: unknown, ...args: unknown[]): unknown {
      const [callback, ...rest] = args;
      if (typeof callback !== 'function' || !holding() || calledByNode(patched))
        return original.apply(this, args);
      const handle = native.setImmediate(() => {});
      const context = new AsyncResource('METTLE_HELD');
      const words = { kind: 'immediate', resource: null, writes: false, site: callSite() };
      const step = hold(words, { phase: 'delivery', queue: IMMEDIATES }, () => {
        native.nextTick(() => {
          context.runInAsyncScope(callback as AnyFunction, handle, ...rest);
        });
      });
      heldImmediates.set(handle, step);
      return handle;
    };
    return patched;
  });
  wrap(
    module,
    'clearImmediate',
    (original) =>
      function clearImmediate(this: unknown, ...args: unknown[]) {
        const [handle] = args;
        const step = typeof handle === 'object' && handle !== null ? heldImmediates.get(handle) : undefined;
        if (step !== undefined) drop(step);
        return original.apply(this, args);
      },
  );
  globalThis.setImmediate = module.setImmediate;
  globalThis.clearImmediate = module.clearImmediate;
}

/** Waits by a timer of ours, so that a wait that began before a trial is under control within it. */
function waitFor(original: Wait): AnyFunction {
  const patched = function (this: unknown, ...args: unknown[]): unknown {
    const [ms, value, given] = args;
    const options = (given ?? {}) as WaitOptions;
    const isOdd = given !== undefined && (typeof given !== 'object' || given === null);
    if (isOdd || calledByNode(patched) || options.signal?.aborted === true) return original.apply(this, args);
    return new Promise((resolve, reject) => {
      const { signal } = options;
      const aborted = (): void => {
        clearTimeout(timer);
        // Node's own rejection, whatever its form.
        original(0, undefined, { signal: AbortSignal.abort(signal?.reason) }).catch(reject);
      };
      const timer = setTargetTimer(() => {
        signal?.removeEventListener('abort', aborted);
        resolve(value);
      }, ms);
      if (options.ref === false) timer.unref();
      signal?.addEventListener('abort', aborted, { once: true });
    });
  };
  return patched;
}

function waitForImmediate(original: Wait): AnyFunction {
  const patched = function (this: unknown, ...args: unknown[]): unknown {
    const [value, options] = args;
    if (!holding() || calledByNode(patched) || options !== undefined) return original.apply(this, args);
    const words = { kind: 'immediate', resource: null, writes: false, site: callSite() };
    return gate(words, { phase: 'delivery', queue: IMMEDIATES }).then(() => value);
  };
  return patched;
}

async function* ticks(ms: unknown, value: unknown, options: WaitOptions = {}): AsyncGenerator {
  const { setTimeout: wait } = process.getBuiltinModule('node:timers/promises');
  for (;;) yield await wait(ms as number, value, options);
}
