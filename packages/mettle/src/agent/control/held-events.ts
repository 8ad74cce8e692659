import { AsyncResource } from 'node:async_hooks';
import type { EventEmitter } from 'node:events';
import { came, partyOf } from './arrivals.ts';
import type { Party } from './arrivals.ts';
import { held, hold } from './held-steps.ts';
import { currentLane, inLane, presentLane } from './lane.ts';
import { wrap } from './wrapping.ts';
import type { AnyFunction } from './wrapping.ts';

/** Something that runs by itself, and tells of it by events. */
export interface Emitting {
  /** Who waits for it. */
  readonly party: Party;
  /** Its events stay in order. */
  readonly queue: object;
}

interface EventsToHold {
  /** First part of the kind of the steps. */
  readonly tag: string;
  readonly names: readonly string[];
  /** Told of each as it comes. Another party may be who waits for this one. */
  readonly happened: (emitter: object, event: string, value: unknown) => Party | undefined;
  readonly fromThread: boolean;
}

/** After what its streams bring, and in the order in which events come. */
const AFTER_STREAMS = 10;

const emitting = new WeakMap<object, Emitting>();

/** What is known of it, from now on. */
export function knownAs(emitter: object, own: Emitting): void {
  emitting.set(emitter, own);
}

/** Holds events of these names. */
export function holdEvents(prototype: object, { tag, names, happened, fromThread }: EventsToHold): void {
  wrap(
    prototype,
    'emit',
    (original) =>
      function emit(...args) {
        const [event] = args;
        if (typeof event !== 'string' || !names.includes(event)) return original.apply(this, args);
        const emitter = this as object;
        const asker = happened(emitter, event, args[1]);
        if (!held.on && held.delayMs === null) return original.apply(this, args);
        const own = emitting.get(emitter) ?? { party: partyOf(currentLane()), queue: {} };
        emitting.set(emitter, own);
        const context = new AsyncResource('METTLE_HELD');
        const listeners = (emitter as EventEmitter).rawListeners(event) as AnyFunction[];
        if (listeners.length === 0) return original.apply(this, args);
        const party = asker ?? own.party;
        const admit = (): void => {
          const lane = presentLane(party.lane);
          const words = { kind: `${tag}.${event}`, resource: null, writes: false };
          hold(words, { phase: 'delivery', lane, queue: own.queue, fromThread }, () => {
            // Who listens by now is told, as when the event had only now come; but Node takes a worker's listeners away
            // when it ends, which it may have done meanwhile.
            const present = (emitter as EventEmitter).rawListeners(event) as AnyFunction[];
            const told = present.length > 0 ? present : listeners;
            const deliver = (): void => {
              for (const listener of told) Reflect.apply(listener, this, args.slice(1));
            };
            context.runInAsyncScope(() => (lane.index < 0 ? deliver() : inLane(lane, deliver)));
          });
        };
        if (held.on) came(party, AFTER_STREAMS, admit);
        else admit();
        return true;
      },
  );
}
