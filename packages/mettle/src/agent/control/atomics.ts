import { came, partyOf } from './arrivals.ts';
import { held, hold, holding } from './held-steps.ts';
import { currentLane } from './lane.ts';
import { awaitFrom, escaped } from './quiescence.ts';
import { hasWorkers } from './worker-threads.ts';
import { wrap } from './wrapping.ts';

/*
 * Waiting for shared memory without blocking. Who is woken by this thread goes on when the schedule says so; whether and
 * when another thread wakes someone is not known, and told as lost.
 */

/** How many were woken by this thread and have not gone on, by place in the memory. */
const woken = new WeakMap<object, Map<number, number>>();
let waiting = 0;
const WOKEN_ELSEWHERE = 'Atomics.waitAsync, woken by a worker thread';
const TIMED_OUT = 'Atomics.waitAsync with a time-out, which passes in real time';

interface Wait {
  readonly async: boolean;
  readonly value: Promise<string>;
}

/** Wraps them. */
export function controlAtomics(): void {
  awaitFrom({
    name: 'Atomics.waitAsync',
    patienceMs: 0,
    awaited: () => 0,
    mayCome: () => waiting > 0 && hasWorkers(),
    giveUp: () => {},
  });
  wrap(
    Atomics,
    'notify',
    (original) =>
      function notify(...args) {
        const count = original.apply(this, args) as number;
        if (count > 0) countWoken(args, count);
        return count;
      },
  );
  wrap(
    Atomics,
    'waitAsync',
    (original) =>
      function waitAsync(...args) {
        const wait = original.apply(this, args) as Wait;
        return wait.async && holding() ? { async: true, value: heldWait(args, wait.value) } : wait;
      },
  );
}

function heldWait(args: readonly unknown[], ends: Promise<string>): Promise<string> {
  const lane = currentLane();
  const party = partyOf(lane);
  waiting++;
  return new Promise((resolve) => {
    const ended = (outcome: string): void => {
      waiting--;
      const isOurs = outcome === 'ok' && countWoken(args, -1);
      if (held.on && !isOurs) escaped(outcome === 'ok' ? WOKEN_ELSEWHERE : TIMED_OUT);
      const admit = (): void => {
        const words = { kind: 'atomics.waitAsync', resource: null, writes: false };
        hold(words, { phase: 'delivery', lane, fromThread: !isOurs }, () => resolve(outcome));
      };
      if (held.on) came(party, 0, admit);
      else admit();
    };
    ends.then(ended, () => {});
  });
}

/** Counts; false where there was nothing to take away. */
function countWoken([array, index]: readonly unknown[], by: number): boolean {
  if (!ArrayBuffer.isView(array)) return false;
  const places = woken.get(array.buffer) ?? new Map<number, number>();
  woken.set(array.buffer, places);
  const place = array.byteOffset + Number(index) * (array as Int32Array).BYTES_PER_ELEMENT;
  const count = (places.get(place) ?? 0) + by;
  if (count < 0) return false;
  if (count === 0) places.delete(place);
  else places.set(place, count);
  return true;
}
