import type { Detector } from '../evidence/index.ts';
import { blockedEventLoop } from './detectors/blocked-event-loop.ts';
import { latencyTail } from './detectors/latency-tail.ts';
import { serialisedByCpu } from './detectors/serialised-by-cpu.ts';
import { serialisedByLock } from './detectors/serialised-by-lock.ts';
import { serialisedByPool } from './detectors/serialised-by-pool.ts';
import { slowToolsList } from './detectors/slow-tools-list.ts';
import { stdoutPollution } from './detectors/stdout-pollution.ts';
import { unreachable } from './detectors/unreachable.ts';

/** Every detector, in the order in which its check reports. */
export const detectors: readonly Detector[] = [
  blockedEventLoop,
  latencyTail,
  serialisedByCpu,
  serialisedByLock,
  serialisedByPool,
  unreachable,
  stdoutPollution,
  slowToolsList,
];
