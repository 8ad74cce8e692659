import { closeSync, openSync, readdirSync, readFileSync, readSync } from 'node:fs';
import { listProcesses, readChildren, readProcess } from './process-tree.ts';

/** Clock ticks that Linux shows to programs, whatever the kernel's own rate: USER_HZ is fixed at 100. */
const MS_PER_TICK = 10;

/** Clocks of a target's process, read from outside (the `TargetClock` of the load layer). Null: cannot be read, or gone. */
export interface ProcessClock {
  mainThread(): { readonly cpuMs: number; readonly hostDelayMs: number } | null;
  processTree(): { readonly cpuMs: number; readonly rssBytes: number } | null;
  close(): void;
}

/** Opens the clocks of a process; off Linux, and for null, every reading is null. */
export function openProcessClock(pid: number | null): ProcessClock {
  return new LinuxProcessClock(pid);
}

class LinuxProcessClock implements ProcessClock {
  readonly #pid: number | null;
  readonly #buffer: Buffer = Buffer.alloc(96);
  #mainThread: number | null;
  readonly #threads: Map<string, number> = new Map();
  #highestCpuMs = 0;

  constructor(pid: number | null) {
    this.#pid = pid;
    this.#mainThread = pid === null ? null : tryOpen(`/proc/${String(pid)}/task/${String(pid)}/schedstat`);
  }

  /** Two readings surround each measured call, so the file stays open: one system call, a few µs. */
  mainThread(): { readonly cpuMs: number; readonly hostDelayMs: number } | null {
    if (this.#mainThread === null) return null;
    try {
      const length = readSync(this.#mainThread, this.#buffer, 0, this.#buffer.length, 0);
      const text = this.#buffer.toString('latin1', 0, length);
      const space = text.indexOf(' ');
      return {
        cpuMs: Number(text.slice(0, space)) / 1e6,
        hostDelayMs: Number(text.slice(space + 1, text.indexOf(' ', space + 1))) / 1e6,
      };
    } catch {
      this.close();
      return null;
    }
  }

  processTree(): { readonly cpuMs: number; readonly rssBytes: number } | null {
    const root = this.#pid === null ? null : readProcess(this.#pid);
    if (root === null || root.state === 'Z') return null;
    let cpuMs = 0;
    let rssBytes = 0;
    for (const pid of descendants(root.pid)) {
      const entry = readProcess(pid);
      if (entry === null) continue;
      // Threads to the nanosecond; children that ended and were reaped only to the tick, in their parent's account.
      cpuMs += this.#threadsCpuMs(pid, entry.ownTicks * MS_PER_TICK) + entry.reapedChildTicks * MS_PER_TICK;
      rssBytes += residentBytes(pid);
    }
    // A child that ends moves to its parent's account rounded down: never let the clock run backwards for it.
    this.#highestCpuMs = Math.max(this.#highestCpuMs, cpuMs);
    return { cpuMs: this.#highestCpuMs, rssBytes };
  }

  close(): void {
    if (this.#mainThread !== null) closeSync(this.#mainThread);
    this.#mainThread = null;
  }

  /** All threads, those that have ended with their last reading; in ticks where the kernel keeps no schedstat. */
  #threadsCpuMs(pid: number, fallbackMs: number): number {
    const directory = `/proc/${String(pid)}/task`;
    try {
      for (const tid of readdirSync(directory))
        this.#threads.set(
          `${String(pid)}/${tid}`,
          Number.parseInt(readFileSync(`${directory}/${tid}/schedstat`, 'latin1'), 10) / 1e6,
        );
    } catch {
      // A thread or the process ended meanwhile: its last reading stands.
    }
    const prefix = `${String(pid)}/`;
    let sumMs = 0;
    for (const [thread, cpuMs] of this.#threads) if (thread.startsWith(prefix)) sumMs += cpuMs;
    return sumMs > 0 ? sumMs : fallbackMs;
  }
}

/** The process and all that descend from it. */
export function descendants(root: number): readonly number[] {
  const found = [root];
  let all: ReturnType<typeof listProcesses> | null = null;
  for (const pid of found) {
    let children = readChildren(pid);
    if (children === null) {
      all ??= listProcesses();
      children = all.filter((entry) => entry.parentPid === pid).map((entry) => entry.pid);
    }
    found.push(...children);
  }
  return found;
}

function residentBytes(pid: number): number {
  try {
    const kilobytes = /^VmRSS:\s+(\d+) kB/m.exec(readFileSync(`/proc/${String(pid)}/status`, 'latin1'))?.[1];
    return Number(kilobytes ?? 0) * 1024;
  } catch {
    return 0;
  }
}

function tryOpen(path: string): number | null {
  try {
    return openSync(path, 'r');
  } catch {
    return null;
  }
}
