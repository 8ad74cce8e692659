import { silently } from '../silently.ts';
import { endAt, sentHere } from './message-ports.ts';
import type { End } from './message-ports.ts';
import { wrap } from './wrapping.ts';

/*
 * Channels that all threads of the process hear. What this thread sends itself is held and comes in order; what others
 * send is held too, but nobody knows whether something is still to come.
 */

/** Ends of this thread, by the name of their channel. */
const byName = new Map<string, Set<End>>();
const own = new WeakMap<object, End>();

/** Wraps them. */
export function controlBroadcasts(): void {
  const module = process.getBuiltinModule('node:worker_threads');
  const { BroadcastChannel, MessagePort } = module;
  const Channel = new Proxy(BroadcastChannel, {
    construct(target, args: unknown[], newTarget) {
      const made = Reflect.construct(target, args, newTarget === Channel ? target : newTarget) as object;
      silently(() => {
        for (const key of Object.getOwnPropertySymbols(made)) {
          const port = (made as Record<symbol, unknown>)[key];
          if (port instanceof MessagePort) hears(made, String(args[0]), endAt(port));
        }
      });
      return made;
    },
  });
  const isGlobal = globalThis.BroadcastChannel === (BroadcastChannel as unknown);
  Object.assign(module, { BroadcastChannel: Channel });
  if (isGlobal) Object.assign(globalThis, { BroadcastChannel: Channel });
  wrap(
    BroadcastChannel.prototype,
    'postMessage',
    (original) =>
      function postMessage(...args) {
        const result = original.apply(this, args);
        silently(() => {
          const from = own.get(this as object);
          for (const end of namesakes(this as object)) if (end !== from) sentHere(end);
        });
        return result;
      },
  );
  wrap(
    BroadcastChannel.prototype,
    'close',
    (original) =>
      function close(...args) {
        silently(() => {
          const end = own.get(this as object);
          if (end !== undefined) namesakes(this as object).delete(end);
        });
        return original.apply(this, args);
      },
  );
}

function hears(channel: object, name: string, end: End): void {
  own.set(channel, end);
  byName.set(name, (byName.get(name) ?? new Set<End>()).add(end));
}

function namesakes(channel: object): Set<End> {
  return byName.get((channel as { readonly name: string }).name) ?? new Set();
}
