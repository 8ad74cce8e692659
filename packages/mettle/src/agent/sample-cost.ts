import { openThreadClock } from './thread-clock.ts';

/** Short enough to fall between two of the host's interruptions. */
const WINDOW_MS = 4;
const WINDOWS = 10;
/** Ten times as often as the instrument looks: so what the samples cost stands out of what the host does to a window. */
const INTERVAL_US = 100;
/** As deep as the code of a call stands on average: V8 walks the stack at each sample. */
const DEPTH = 12;
/** A window lasts as long as wished after fewer doublings than this, whatever the machine. */
const MOST_DOUBLINGS = 12;
/** The two quickest windows agree within this, or the host disturbed them all. */
const AGREEMENT = 0.03;
/** More than this was the host's doing: twice what any Node was seen to take. */
const MOST_US = 60;

interface Window {
  readonly startUs: number;
  readonly endUs: number;
  readonly cpuMs: number;
}
interface SampleTimes {
  readonly startTime: number;
  readonly timeDeltas?: readonly number[] | undefined;
}

/** Times that it is measured in a process, of which the median counts, and times that it is tried. */
const MEASUREMENTS = 3;
const ATTEMPTS = 8;
let attempts = 0;
const measuredUs: number[] = [];

/** What a sample costs by the measurements so far in this process; 0 before. */
export function knownSampleUs(): number {
  return measuredUs.toSorted((a, b) => a - b)[measuredUs.length >> 1] ?? 0;
}

/**
 * How much CPU of the main thread one sample of V8's profiler takes, in µs: a computing loop with the profiler off and
 * on, the quickest window of each, a window in each turn of the loop. Measured at the first few calls in a process. 0 where the thread's own
 * CPU cannot be read, where V8 tells times by a clock of its own, without an inspector, and on a host that disturbs it.
 */
export async function measureSampleUs(): Promise<number> {
  if (measuredUs.length < MEASUREMENTS && attempts++ < ATTEMPTS) {
    const us = await measure();
    if (us !== null) measuredUs.push(us);
  }
  return knownSampleUs();
}

async function measure(): Promise<number | null> {
  const { Session } = process.getBuiltinModule('node:inspector');
  const clock = openThreadClock();
  if (clock.kind === 'process') return null;
  const oneWindow = (steps: number): Window => {
    clock.read();
    const before = clock.cpuMs;
    const startUs = machineUs();
    computeDeep(DEPTH, steps);
    const endUs = machineUs();
    clock.read();
    return { startUs, endUs, cpuMs: clock.cpuMs - before };
  };
  let steps = 100_000;
  for (let i = 0; i < MOST_DOUBLINGS && oneWindow(steps).cpuMs < WINDOW_MS; i++) steps *= 2;
  const windows = async (): Promise<Window[]> => {
    const found: Window[] = [];
    for (let i = 0; i < WINDOWS; i++) {
      await new Promise((resolve) => setImmediate(resolve));
      found.push(oneWindow(steps));
    }
    return found;
  };
  const off = await windows();
  const session = new Session();
  session.connect();
  try {
    session.post('Profiler.enable');
    session.post('Profiler.setSamplingInterval', { interval: INTERVAL_US });
    session.post('Profiler.start');
    const on = await windows();
    let times: SampleTimes = { startTime: 0 };
    session.post('Profiler.stop', (error, answer) => {
      if (error === null) times = answer.profile;
    });
    session.post('Profiler.disable');
    return costOf([...off, ...(await windows())], on, times);
  } finally {
    session.disconnect();
  }
}

function costOf(off: readonly Window[], on: readonly Window[], times: SampleTimes): number | null {
  const without = quickestOf(off);
  const quickest = quickestOf(on);
  if (without === null || quickest === null) return null;
  let atUs = times.startTime;
  let samples = 0;
  for (const deltaUs of times.timeDeltas ?? []) {
    atUs += deltaUs;
    if (atUs >= quickest.startUs && atUs <= quickest.endUs) samples++;
  }
  if (samples === 0) return null;
  const us = ((quickest.cpuMs - without.cpuMs) * 1000) / samples;
  return us > 0 && us <= MOST_US ? us : null;
}

/** Null when no other was nearly as quick. */
function quickestOf(windows: readonly Window[]): Window | null {
  const [first, second] = windows.toSorted((a, b) => a.cpuMs - b.cpuMs);
  if (first === undefined || second === undefined) return null;
  return second.cpuMs <= first.cpuMs * (1 + AGREEMENT) ? first : null;
}

const machineUs = (): number => Number(process.hrtime.bigint()) / 1e3;

function compute(steps: number): number {
  let state = 1;
  for (let i = 0; i < steps; i++) state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + i) | 0;
  return state;
}

function computeDeep(depth: number, steps: number): number {
  return depth === 0 ? compute(steps) : computeDeep(depth - 1, steps) + 1;
}
