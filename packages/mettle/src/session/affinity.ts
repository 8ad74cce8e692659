import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { listProcesses } from './process-tree.ts';

/** The cores that a process may run on, ascending; null where the system does not tell. */
export function allowedCores(pid: number): readonly number[] | null {
  let status: string;
  try {
    status = readFileSync(`/proc/${String(pid)}/status`, 'latin1');
  } catch {
    return null;
  }
  const list = /^Cpus_allowed_list:\s*(\S+)$/m.exec(status)?.[1];
  if (list === undefined) return null;
  return list.split(',').flatMap((part) => {
    const [from = 0, to = from] = part.split('-').map(Number);
    return Array.from({ length: to - from + 1 }, (_, i) => from + i);
  });
}

/** Keeps processes, all their threads, and what they will start, to these cores. False where that cannot be done. */
export function keepTo(pids: readonly number[], cores: readonly number[]): boolean {
  return pids.every((pid) => {
    const { status } = spawnSync('taskset', ['-a', '-c', '-p', cores.join(','), String(pid)], {
      stdio: 'ignore',
    });
    return status === 0;
  });
}

/** A process and all that descend from it. */
export function processesOf(root: number): readonly number[] {
  const all = listProcesses();
  const found = [root];
  for (const pid of found)
    found.push(...all.filter((entry) => entry.parentPid === pid).map((entry) => entry.pid));
  return found;
}
