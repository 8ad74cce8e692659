import { readFileSync } from 'node:fs';
import { descendants } from './process-clock.ts';

/** What the main thread of each process of a tree has computed so far. */
export type TreeReading = ReadonlyMap<number, number>;

/** Reads the main threads of a process and its descendants; empty where the kernel does not tell. */
export function readTree(rootPid: number): TreeReading {
  const reading = new Map<number, number>();
  for (const pid of descendants(rootPid)) {
    try {
      const text = readFileSync(`/proc/${String(pid)}/task/${String(pid)}/schedstat`, 'latin1');
      reading.set(pid, Number.parseInt(text, 10) / 1e6);
    } catch {
      // Gone meanwhile, or another kernel.
    }
  }
  return reading;
}

/**
 * The process of a tree that answers the calls: the one whose main thread computed most since the earlier reading.
 * A server is often the child of npx, npm or a shell. The root where nothing can be read.
 */
export function servingProcess(rootPid: number, before: TreeReading): number {
  let busiest = rootPid;
  let mostMs = 0;
  for (const [pid, cpuMs] of readTree(rootPid)) {
    const usedMs = cpuMs - (before.get(pid) ?? 0);
    if (usedMs <= mostMs) continue;
    busiest = pid;
    mostMs = usedMs;
  }
  return busiest;
}
