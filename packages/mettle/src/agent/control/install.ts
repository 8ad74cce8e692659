import { syncBuiltinESMExports } from 'node:module';
import { silently } from '../silently.ts';
import { controlFileCallbacks } from './fs-callbacks.ts';
import { controlFilePromises } from './fs-promises.ts';
import { controlSyncFiles } from './fs-sync.ts';
import { controlHttp } from './http-arrival.ts';
import { controlCompression, controlCrypto, controlDns } from './jobs.ts';
import { ownRandomnessPerLane } from './lane-randomness.ts';
import { watchAddons } from './native-addons.ts';
import { controlMessagePorts } from './message-ports.ts';
import { controlBroadcasts } from './broadcasts.ts';
import { controlChildren } from './child-processes.ts';
import { controlAtomics } from './atomics.ts';
import { controlWorkers } from './worker-threads.ts';
import { controlSockets } from './sockets.ts';
import { noteStreamSites } from './stream-sites.ts';
import { controlStdio } from './stdio-arrival.ts';
import { awaitThreads } from './thread-lines.ts';
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
    noteStreamSites,
    controlSyncFiles,
    controlSockets,
    controlDns,
    controlCrypto,
    controlCompression,
    controlChildren,
    controlMessagePorts,
    controlBroadcasts,
    awaitThreads,
    controlWorkers,
    controlAtomics,
    watchAddons,
    controlStdio,
    controlHttp,
  ])
    silently(part);
  silently(syncBuiltinESMExports);
}
