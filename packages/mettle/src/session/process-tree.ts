import { readdirSync, readFileSync } from 'node:fs';

export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  readonly groupId: number;
  /** Single letter of /proc/PID/stat; Z is a process that is gone but not yet reaped. */
  readonly state: string;
  /** Clock ticks: own user + system, then those of reaped children. */
  readonly ownTicks: number;
  readonly reapedChildTicks: number;
}

/** One process as /proc tells it; null when it is gone, or where there is no /proc. */
export function readProcess(pid: number): ProcessEntry | null {
  let text: string;
  try {
    text = readFileSync(`/proc/${String(pid)}/stat`, 'latin1');
  } catch {
    return null;
  }
  // The command's name stands in parentheses and may hold spaces and parentheses itself.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const number = (index: number): number => Number(fields[index]);
  return {
    pid,
    state: fields[0] ?? '?',
    parentPid: number(1),
    groupId: number(2),
    ownTicks: number(11) + number(12),
    reapedChildTicks: number(13) + number(14),
  };
}

/** Every process of the machine that we may see; empty where there is no /proc. */
export function listProcesses(): readonly ProcessEntry[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  return names
    .filter((name) => /^\d+$/.test(name))
    .map((name) => readProcess(Number(name)))
    .filter((entry) => entry !== null);
}

/** Children of a process, by its threads; null when it is gone or the kernel does not list children. */
export function readChildren(pid: number): readonly number[] | null {
  const tasks = `/proc/${String(pid)}/task`;
  try {
    return readdirSync(tasks).flatMap((tid) =>
      readFileSync(`${tasks}/${tid}/children`, 'latin1').split(' ').filter(Boolean).map(Number),
    );
  } catch {
    return null;
  }
}

/** Whether the process was started with `value` somewhere in the environment variable `name`. */
export function environmentHolds(pid: number, name: string, value: string): boolean {
  try {
    const environment = readFileSync(`/proc/${String(pid)}/environ`, 'latin1').split('\0');
    return environment.some(
      (line) =>
        line.startsWith(`${name}=`) &&
        line
          .slice(name.length + 1)
          .split(',')
          .includes(value),
    );
  } catch {
    return false;
  }
}
