import { AsyncResource } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import type { Worker } from 'node:worker_threads';
import type { EventEmitter } from 'node:events';
import { silently } from '../silently.ts';
import { came, partyOf } from './arrivals.ts';
import type { Party } from './arrivals.ts';
import { held, hold } from './held-steps.ts';
import { currentLane, inLane } from './lane.ts';
import { awaitFrom } from './quiescence.ts';
import { watchStreams } from './sockets.ts';
import { noteStep } from './trial.ts';
import { callSite } from './sites.ts';
import { wrap } from './wrapping.ts';
import type { AnyFunction } from './wrapping.ts';

/*
 * Child processes and worker threads run by themselves; what they tell this thread is held, in order for each.
 */

/** A process or thread that was started, and who waits for it. */
interface Other {
  readonly party: Party;
  readonly queue: object;
}
const others = new WeakMap<object, Other>();
/** Those of which something is awaited: that they end, or answer. */
const waitingForChildren = new Set<object>();
const waitingForWorkers = new Set<object>();
/** Workers that live, and those that were asked something in this trial. */
const workers = new Set<object>();
const asked = new Set<object>();
/** What is to be told when a child has ended: its output may still be on its way. */
const exits = new WeakMap<object, () => void>();
/** Booting takes half a second on a busy machine. */
const PATIENCE_MS = 3_000;
const AFTER_STREAMS = 10;

/** Wraps both. */
export function controlOthers(): void {
  awaitFrom({
    name: 'a child process',
    patienceMs: PATIENCE_MS,
    awaited: () => waitingForChildren.size,
    giveUp: () => waitingForChildren.clear(),
  });
  awaitFrom({
    name: 'a worker thread',
    patienceMs: PATIENCE_MS,
    awaited: () => waitingForWorkers.size,
    // Node has workers of its own, which nobody asks.
    mayCome: () => [...asked].some((worker) => workers.has(worker)),
    begin: () => asked.clear(),
    giveUp: () => waitingForWorkers.clear(),
  });
  silently(controlChildren);
  silently(controlWorkers);
}

function controlChildren(): void {
  const { ChildProcess } = process.getBuiltinModule('node:child_process');
  const waiting = waitingForChildren;
  wrap(
    ChildProcess.prototype,
    'spawn',
    (original) =>
      function spawn(...args) {
        const result = original.apply(this, args);
        silently(() => {
          const child = this as ChildProcess;
          const { file } = args[0] as { file?: string };
          const party = partyOf(currentLane());
          others.set(child, { party, queue: {} });
          const outputs = [child.stdout, child.stderr].filter((stream) => stream !== null);
          let open = outputs.length + 1;
          const ended = (): void => {
            if (--open === 0) waiting.delete(child);
          };
          exits.set(child, ended);
          watchStreams(
            [...outputs, ...(child.stdin === null ? [] : [child.stdin])],
            party,
            `process ${file ?? ''}`,
            ended,
          );
          if (!held.on) return;
          waiting.add(child);
          noteStep({
            kind: 'child.spawn',
            resource: null,
            writes: false,
            detail: file ?? '',
            site: callSite(),
          });
        });
        return result;
      },
  );
  holdEvents(ChildProcess.prototype, 'child', ['exit', 'close', 'error', 'message'], (child, event) => {
    if (event === 'exit') exits.get(child)?.();
    else if (event !== 'close') waiting.delete(child);
  });
}

function controlWorkers(): void {
  // Loaded already: the agent's preload asks it which thread this is.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  const asks = (worker: object): void => {
    const known = others.get(worker);
    const lane = currentLane();
    if (known === undefined) others.set(worker, { party: partyOf(lane), queue: {} });
    else if (lane.index >= 0) known.party.lane = lane;
    if (!held.on || !workers.has(worker)) return;
    asked.add(worker);
    waitingForWorkers.add(worker);
  };
  for (const name of ['postMessage', 'terminate'])
    wrap(
      Worker.prototype,
      name,
      (original) =>
        function askWorker(...args) {
          silently(() => asks(this as Worker));
          return original.apply(this, args);
        },
    );
  // Told of each as it is made, in the context of whoever made it.
  process.on('worker', (worker) => {
    workers.add(worker);
    // That it ends is no step: when is its own affair, and who waits for it has asked for it.
    worker.once('exit', () => {
      workers.delete(worker);
      waitingForWorkers.delete(worker);
    });
    asks(worker);
  });
  holdEvents(
    Worker.prototype,
    'worker',
    ['message', 'messageerror', 'error'],
    (worker) => void waitingForWorkers.delete(worker),
  );
}

/** Holds events of these names. */
function holdEvents(
  prototype: object,
  tag: string,
  names: readonly string[],
  happened: (emitter: object, event: string) => void,
): void {
  wrap(
    prototype,
    'emit',
    (original) =>
      function emit(...args) {
        const [event] = args;
        if (typeof event !== 'string' || !names.includes(event)) return original.apply(this, args);
        const emitter = this as object;
        happened(emitter, event);
        if (!held.on && held.delayMs === null) return original.apply(this, args);
        const other = others.get(emitter) ?? { party: partyOf(currentLane()), queue: {} };
        others.set(emitter, other);
        const context = new AsyncResource('METTLE_HELD');
        const listeners = (emitter as EventEmitter).rawListeners(event) as AnyFunction[];
        if (listeners.length === 0) return original.apply(this, args);
        const admit = (): void => {
          const { lane } = other.party;
          const words = { kind: `${tag}.${event}`, resource: null, writes: false };
          hold(words, { phase: 'delivery', lane, queue: other.queue }, () => {
            // Node takes a worker's listeners away when it ends, which it may have done by now.
            const deliver = (): void => {
              for (const listener of listeners) Reflect.apply(listener, this, args.slice(1));
            };
            context.runInAsyncScope(() => (lane.index < 0 ? deliver() : inLane(lane, deliver)));
          });
        };
        // After what its streams bring, and in the order in which events come.
        if (held.on) came(other.party, AFTER_STREAMS, admit);
        else admit();
        return true;
      },
  );
}
