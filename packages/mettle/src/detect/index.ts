import type { Detector } from '../evidence/index.ts';
import { blockedEventLoop } from './detectors/blocked-event-loop.ts';
import { schemaCompiledPerCall } from './detectors/schema-compiled-per-call.ts';
import { largeJsonParse } from './detectors/large-json-parse.ts';
import { largeJsonStringify } from './detectors/large-json-stringify.ts';
import { hashOnMainThread } from './detectors/hash-on-main-thread.ts';
import { regexBacktracking } from './detectors/regex-backtracking.ts';
import { deepClonePerCall } from './detectors/deep-clone-per-call.ts';
import { syncFileIo } from './detectors/sync-file-io.ts';
import { syncChildProcess } from './detectors/sync-child-process.ts';
import { gcPressure } from './detectors/gc-pressure.ts';
import { moduleLoadedPerCall } from './detectors/module-loaded-per-call.ts';
import { latencyTail } from './detectors/latency-tail.ts';
import { serialisedByCpu } from './detectors/serialised-by-cpu.ts';
import { serialisedByLock } from './detectors/serialised-by-lock.ts';
import { serialisedByPool } from './detectors/serialised-by-pool.ts';
import { lostUpdate } from './detectors/lost-update.ts';
import { duplicateEffect } from './detectors/duplicate-effect.ts';
import { limitExceeded } from './detectors/limit-exceeded.ts';
import { tornRead } from './detectors/torn-read.ts';
import { crossTalk } from './detectors/cross-talk.ts';
import { deadlock } from './detectors/deadlock.ts';
import { concurrentError } from './detectors/concurrent-error.ts';
import { orderDependentResult } from './detectors/order-dependent-result.ts';
import { crashUnderLoad } from './detectors/crash-under-load.ts';
import { unboundedConnections } from './detectors/unbounded-connections.ts';
import { unboundedQueue } from './detectors/unbounded-queue.ts';
import { noLoadShedding } from './detectors/no-load-shedding.ts';
import { threadPoolExhaustion } from './detectors/thread-pool-exhaustion.ts';
import { certificateExpiring } from './detectors/certificate-expiring.ts';
import { toolsChanged } from './detectors/tools-changed.ts';
import { slowToolsList } from './detectors/slow-tools-list.ts';
import { stdoutPollution } from './detectors/stdout-pollution.ts';
import { unreachable } from './detectors/unreachable.ts';
import { latencyRegression } from './detectors/latency-regression.ts';
import { throughputRegression } from './detectors/throughput-regression.ts';
import { memoryRegression } from './detectors/memory-regression.ts';
import { latencyOverBudget } from './detectors/latency-over-budget.ts';
import { listenerLeak } from './detectors/listener-leak.ts';
import { collectionLeak } from './detectors/collection-leak.ts';
import { unboundedCache } from './detectors/unbounded-cache.ts';
import { intervalAccumulation } from './detectors/interval-accumulation.ts';
import { timerLeak } from './detectors/timer-leak.ts';
import { pendingPromiseLeak } from './detectors/pending-promise-leak.ts';
import { sessionLeak } from './detectors/session-leak.ts';
import { externalMemoryLeak } from './detectors/external-memory-leak.ts';
import { handleLeak } from './detectors/handle-leak.ts';
import { heapLeak } from './detectors/heap-leak.ts';
import { heapGrowth } from './detectors/heap-growth.ts';
import { risingMemory } from './detectors/rising-memory.ts';

/** Every detector, in the order in which its check reports. */
export const detectors: readonly Detector[] = [
  blockedEventLoop,
  schemaCompiledPerCall,
  largeJsonParse,
  largeJsonStringify,
  hashOnMainThread,
  regexBacktracking,
  deepClonePerCall,
  syncFileIo,
  syncChildProcess,
  gcPressure,
  moduleLoadedPerCall,
  latencyTail,
  listenerLeak,
  collectionLeak,
  unboundedCache,
  intervalAccumulation,
  timerLeak,
  pendingPromiseLeak,
  sessionLeak,
  externalMemoryLeak,
  handleLeak,
  heapLeak,
  risingMemory,
  heapGrowth,
  serialisedByCpu,
  serialisedByLock,
  serialisedByPool,
  lostUpdate,
  duplicateEffect,
  limitExceeded,
  tornRead,
  crossTalk,
  deadlock,
  concurrentError,
  orderDependentResult,
  crashUnderLoad,
  unboundedConnections,
  unboundedQueue,
  noLoadShedding,
  threadPoolExhaustion,
  unreachable,
  stdoutPollution,
  slowToolsList,
  toolsChanged,
  certificateExpiring,
  latencyRegression,
  throughputRegression,
  memoryRegression,
  latencyOverBudget,
];
