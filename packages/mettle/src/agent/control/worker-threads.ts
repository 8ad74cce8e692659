import type { Worker } from 'node:worker_threads';
import { silently } from '../silently.ts';
import type { Party } from './arrivals.ts';
import { holdEvents, knownAs } from './held-events.ts';
import { held } from './held-steps.ts';
import { currentLane } from './lane.ts';
import { portsOf } from './message-ports.ts';
import { answered, asked, hasStarted, lineEnded, openLine, owes } from './thread-lines.ts';
import type { ThreadLine } from './thread-lines.ts';
import { wrap } from './wrapping.ts';

/*
 * Worker threads run by themselves; what they tell this one is held, in order for each.
 */

const lines = new WeakMap<object, ThreadLine>();
let alive = 0;
/** Id of a worker's thread when it is no more. */
const ENDED = -1;

/** Whether the target has threads. */
export function hasWorkers(): boolean {
  return alive > 0;
}

/** Wraps them. */
export function controlWorkers(): void {
  // Loaded already: the agent's preload asks it which thread this is.
  const { Worker } = process.getBuiltinModule('node:worker_threads');
  wrap(
    Worker.prototype,
    'postMessage',
    (original) =>
      function postMessage(...args) {
        const result = original.apply(this, args);
        silently(() => {
          const worker = this as Worker;
          if (worker.threadId !== ENDED) asked(lineTo(worker), args[0]);
        });
        return result;
      },
  );
  wrap(
    Worker.prototype,
    'terminate',
    (original) =>
      function terminate(...args) {
        silently(() => {
          const worker = this as Worker;
          const line = lines.get(worker);
          if (line === undefined || worker.threadId === ENDED || !held.on) return;
          line.ends = true;
          owes(line);
        });
        return original.apply(this, args);
      },
  );
  // Told of each as it is made, in the context of whoever made it.
  process.on('worker', (worker) => {
    silently(() => {
      const line = lineTo(worker);
      portsOf(worker);
      alive++;
      line.starts = true;
      owes(line);
      // Before a trial that it runs is what is waited for; within one, that it says what it was made for.
      worker.once('online', () => {
        if (!held.on) hasStarted(line);
      });
      // That it ends is no step: when is its own affair, and who waits for it has asked for it.
      worker.once('exit', () => {
        alive--;
        lineEnded(line);
      });
    });
  });
  holdEvents(Worker.prototype, {
    tag: 'worker',
    names: ['message', 'messageerror', 'error'],
    fromThread: true,
    happened(worker, event, value): Party | undefined {
      const line = lines.get(worker);
      if (line === undefined) return undefined;
      if (event !== 'error') return answered(line, value);
      lineEnded(line);
      return undefined;
    },
  });
}

function lineTo(worker: Worker): ThreadLine {
  const known = lines.get(worker);
  if (known !== undefined) return known;
  const line = openLine(() => worker.listenerCount('message') > 0, worker);
  const lane = currentLane();
  if (lane.index >= 0) line.party.lane = lane;
  lines.set(worker, line);
  knownAs(worker, line);
  return line;
}
