import { readFileSync } from 'node:fs';
import { freemem, totalmem } from 'node:os';

/** How much memory a process may have, and how much of it is left. */
export interface MemoryRoom {
  readonly limitBytes: number;
  readonly freeBytes: number;
}

/** Of the process's container where it has a limit, else of the machine. */
export function memoryRoom(pid: number): MemoryRoom {
  const machine = { limitBytes: totalmem(), freeBytes: availableBytes() };
  const container = containerRoom(pid);
  return container === null || container.limitBytes >= machine.limitBytes
    ? machine
    : { limitBytes: container.limitBytes, freeBytes: Math.min(container.freeBytes, machine.freeBytes) };
}

function availableBytes(): number {
  const kilobytes = /^MemAvailable:\s+(\d+)/m.exec(read('/proc/meminfo') ?? '')?.[1];
  return kilobytes === undefined ? freemem() : Number(kilobytes) * 1024;
}

function containerRoom(pid: number): MemoryRoom | null {
  const group = /^0::(.*)$/m.exec(read(`/proc/${pid}/cgroup`) ?? '')?.[1] ?? '';
  for (const folder of [`/sys/fs/cgroup${group}`, '/sys/fs/cgroup']) {
    const limit = numberIn(`${folder}/memory.max`);
    const used = numberIn(`${folder}/memory.current`);
    if (limit !== null && used !== null) return { limitBytes: limit, freeBytes: limit - used };
  }
  const folder = '/sys/fs/cgroup/memory';
  const limit = numberIn(`${folder}/memory.limit_in_bytes`);
  const used = numberIn(`${folder}/memory.usage_in_bytes`);
  return limit === null || used === null ? null : { limitBytes: limit, freeBytes: limit - used };
}

/** Null for "max" too. */
function numberIn(file: string): number | null {
  const text = read(file)?.trim() ?? '';
  return /^\d+$/.test(text) ? Number(text) : null;
}

function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
