import { syncBuiltinESMExports } from 'node:module';
import { silently } from '../silently.ts';
import { controlFileCallbacks } from './fs-callbacks.ts';
import { controlFilePromises } from './fs-promises.ts';
import { ownRandomnessPerLane } from './lane-randomness.ts';
import { controlStdio } from './stdio-arrival.ts';
import { maskClocks } from './virtual-clock.ts';
import { controlTimers } from './virtual-timers.ts';
import { controlWaits } from './virtual-waits.ts';

let installed = false;

/**
 * Wraps everything that can reorder events. Before the target's code is loaded, so that it finds nothing else; until a
 * trial begins, all of it does as before.
 */
export function installControl(): void {
  if (installed) return;
  installed = true;
  for (const part of [
    maskClocks,
    ownRandomnessPerLane,
    controlTimers,
    controlWaits,
    controlFilePromises,
    controlFileCallbacks,
    controlStdio,
  ])
    silently(part);
  silently(syncBuiltinESMExports);
}
