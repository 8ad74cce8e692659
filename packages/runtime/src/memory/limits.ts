import { freemem } from 'node:os';
import { getHeapStatistics } from 'node:v8';

/** Above this a container's "limit" means that there is none (cgroup v1 reports 2^63 rounded to pages). */
const NO_LIMIT_BYTES = 2 ** 50;

/** The memory limit of the container, where there is one. */
export function containerLimitBytes(): number | undefined {
  const limit = process.constrainedMemory?.() ?? 0;
  return limit > 0 && limit < NO_LIMIT_BYTES ? limit : undefined;
}

/** How large the JavaScript heap can become before the process dies: by V8's limit, or by the container's. */
export function heapCeilingBytes(): number {
  const { heap_size_limit: ofV8, used_heap_size: heapBytes } = getHeapStatistics();
  const container = containerLimitBytes();
  if (container === undefined) return ofV8;
  // What the process holds beside its heap stays where it is.
  return Math.min(ofV8, container - (process.memoryUsage.rss() - heapBytes));
}

/** Memory that can still be had: in the container, else on the machine. */
export function freeBytes(): number {
  const container = containerLimitBytes();
  const onMachine = freemem();
  return container === undefined ? onMachine : Math.min(onMachine, container - process.memoryUsage.rss());
}
