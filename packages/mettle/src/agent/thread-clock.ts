import { openSync, readSync } from 'node:fs';

/** Main-thread clocks; reading updates the fields, so that nothing is allocated. */
export interface ThreadClock {
  readonly kind: 'schedstat' | 'thread' | 'process';
  /** -1 where it cannot be known. */
  cpuMs: number;
  /** Time spent runnable in the host's run queue; -1 where it cannot be known. */
  hostDelayMs: number;
  read(): void;
}

interface CpuUsage {
  readonly user: number;
  readonly system: number;
}
const threadCpuUsage = (process as { threadCpuUsage?: () => CpuUsage }).threadCpuUsage?.bind(process);
const processCpuUsage = process.cpuUsage.bind(process);

/** The most exact clock that this system has. */
export function openThreadClock(): ThreadClock {
  return openSchedstat() ?? usageClock();
}

let schedstat: number | null | undefined;

function openSchedstat(): ThreadClock | null {
  if (schedstat === undefined) {
    try {
      schedstat = openSync(`/proc/self/task/${process.pid}/schedstat`, 'r');
    } catch {
      schedstat = null;
    }
  }
  if (schedstat === null) return null;
  const file = schedstat;
  const bytes = Buffer.alloc(64);
  return {
    kind: 'schedstat',
    cpuMs: -1,
    hostDelayMs: -1,
    read() {
      // Alone, schedstat shows what the scheduler booked at its last tick, up to 4 ms ago. Asking for the
      // process's CPU time makes the kernel book the running thread's time first (error then ≈ 0.02 ms).
      processCpuUsage();
      const length = readSync(file, bytes, 0, bytes.length, 0);
      const text = bytes.toString('latin1', 0, length);
      const space = text.indexOf(' ');
      this.cpuMs = Number(text.slice(0, space)) / 1e6;
      this.hostDelayMs = parseInt(text.slice(space + 1), 10) / 1e6;
    },
  };
}

function usageClock(): ThreadClock {
  const usage = threadCpuUsage ?? processCpuUsage;
  return {
    kind: threadCpuUsage === undefined ? 'process' : 'thread',
    cpuMs: -1,
    hostDelayMs: -1,
    read() {
      const { user, system } = usage();
      this.cpuMs = (user + system) / 1e3;
    },
  };
}

/** performance.now() plus this is the machine-wide monotonic clock (process.hrtime) in ms. */
export function machineClockOffsetMs(): number {
  let best = Infinity;
  let offset = 0;
  // The tightest of a few readings: a switch of threads between two clocks would spoil a single one.
  for (let i = 0; i < 20; i++) {
    const before = performance.now();
    const machine = Number(process.hrtime.bigint()) / 1e6;
    const after = performance.now();
    if (after - before < best) {
      best = after - before;
      offset = machine - (before + after) / 2;
    }
  }
  return offset;
}
