import type { Batch, EvidenceMap } from '../../src/evidence/index.ts';

/** How calls of a tool go when sent together. */
export interface Together {
  /** How many run at a time: 1 = a lock, Infinity = all of them. */
  readonly atATime: number;
  /** A call alone, waiting included. */
  readonly soloMs: number;
  /** Of that, on the main thread. */
  readonly cpuMs?: number | null;
  /** CPU of each call on other threads or in child processes. */
  readonly otherCpuMs?: number | null;
  readonly rounds?: number;
  readonly sizes?: readonly number[];
  /** Multiplies each makespan: the host's noise, which no clock shows. */
  readonly noise?: () => number;
  /** Added to each makespan, and on record: the main thread in the run queue. */
  readonly hostDelayMs?: () => number;
}

type Rounds = EvidenceMap['concurrency']['subjects'][number]['rounds'];

/** The rounds as the driver would have recorded them. */
export function batchRounds(how: Together): Rounds {
  const sizes = how.sizes ?? [4, 16];
  return Array.from({ length: how.rounds ?? 6 }, () => ({
    solo: batch(how, 1),
    batches: sizes.map((size) => batch(how, size)),
  }));
}

function batch(how: Together, inFlight: number): Batch {
  const cpuMs = how.cpuMs === undefined ? 0.5 : how.cpuMs;
  const waves = Math.max(1, Math.ceil(inFlight / how.atATime));
  // The main thread is one: its CPU adds up whatever else overlaps.
  const undisturbedMs = Math.max(waves * how.soloMs, inFlight * (cpuMs ?? 0));
  const hostDelayMs = how.hostDelayMs?.() ?? 0;
  const makespanMs = undisturbedMs * (how.noise?.() ?? 1) + hostDelayMs;
  const mainCpuMs = cpuMs === null ? null : cpuMs * inFlight;
  const otherCpuMs = how.otherCpuMs === undefined ? 0 : how.otherCpuMs;
  return {
    inFlight,
    makespanMs,
    completionsMs: Array.from({ length: inFlight }, (_, i) => (makespanMs * (i + 1)) / inFlight),
    errors: 0,
    mainCpuMs,
    processCpuMs: mainCpuMs === null || otherCpuMs === null ? null : mainCpuMs + otherCpuMs * inFlight,
    hostDelayMs,
  };
}
