import type { AgentCounters } from './protocol.ts';
import { openThreadClock } from './thread-clock.ts';

/** One reading of what the process holds and has used. */
export function readCounters(): AgentCounters {
  const clock = openThreadClock();
  clock.read();
  const { idle, active } = performance.eventLoopUtilization();
  const memory = process.memoryUsage();
  const activeResources: Record<string, number> = {};
  for (const kind of process.getActiveResourcesInfo())
    activeResources[kind] = (activeResources[kind] ?? 0) + 1;
  return {
    atMs: Number(process.hrtime.bigint()) / 1e6,
    // A clock of the whole process says nothing about the main thread.
    mainCpuMs: clock.kind === 'process' ? null : clock.cpuMs,
    hostDelayMs: clock.hostDelayMs < 0 ? null : clock.hostDelayMs,
    eventLoopUtilization: { idleMs: idle, activeMs: active },
    heapUsedBytes: memory.heapUsed,
    externalBytes: memory.external,
    arrayBuffersBytes: memory.arrayBuffers,
    activeResources,
  };
}
