import { AsyncResource, asyncWrapProviders, createHook } from 'node:async_hooks';
import { basename } from 'node:path';
import { silently } from '../silently.ts';
import { held } from './held-steps.ts';
import { awaitFrom, escaped } from './quiescence.ts';
import { wrap } from './wrapping.ts';

/*
 * Native add-ons hand jobs to the thread pool by themselves: their order is not chosen. It is told that they did, and
 * waited until they have, so that a trial is as repeatable as it can be.
 */

/** What Node's own JavaScript makes. */
const OF_NODE = new Set(['PROMISE', 'Timeout', 'Immediate', 'TickObject', 'Microtask', 'RANDOMBYTESREQUEST']);
const PATIENCE_MS = 2_000;

/** Files of the add-ons that are loaded: jobs do not tell whose they are. */
const names = new Set<string>();
/** Jobs under way, by async id. */
const jobs = new Set<number>();
let listening = false;

/** Listens for their jobs from when the first add-on is loaded. */
export function watchAddons(): void {
  awaitFrom({
    name: 'a job of a native add-on',
    patienceMs: PATIENCE_MS,
    awaited: () => jobs.size,
    giveUp: () => jobs.clear(),
    begin: () => jobs.clear(),
  });
  wrap(
    process,
    'dlopen',
    (original) =>
      function dlopen(...args) {
        silently(() => void names.add(basename(String(args[1]), '.node')));
        listen();
        return original.apply(this, args);
      },
  );
}

function listen(): void {
  if (listening) return;
  listening = true;
  createHook({
    init(asyncId, type, _trigger, resource) {
      if (!held.on || OF_NODE.has(type) || type in asyncWrapProviders) return;
      if (resource instanceof AsyncResource) return;
      jobs.add(asyncId);
      escaped(`native add-on ${[...names].join(', ')}`);
    },
    after: (asyncId) => void jobs.delete(asyncId),
    destroy: (asyncId) => void jobs.delete(asyncId),
  }).enable();
}
