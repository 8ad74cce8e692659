import type { ThreadClock } from './thread-clock.ts';

/** Sums of what ran for one subject. */
export interface Tally {
  calls: number;
  onThreadMs: number;
  cpuMs: number;
  gcMs: number;
}

/** To whom main-thread time belongs: a call, or nobody's code. */
export interface Owner {
  /** A call's private one until its subject is known. */
  tally: Tally;
}

/** One slice that is still growing, or was kept. */
export interface Slice {
  readonly owner: Owner;
  readonly startedAtMs: number;
  endedAtMs: number;
  readonly turn: number;
  cpuMs: number;
  hostDelayMs: number;
}

/**
 * Two runs of one call within one macrotask are one slice. What lies between is the microtask queue's own
 * work; longer than this it may be somebody else's code, or the loop may have turned unseen (for a promise
 * that Node's own threads settled), and both are looked at.
 */
const MERGE_GAP_MS = 1;
/** A reading of the thread clock costs 6 µs: at most every 2 ms keeps that below 0.3 %. */
const CLOCK_INTERVAL_MS = 2;
/** Runs between two clock readings; when full, the clock is read early. */
const WINDOW = 4_096;
/** Switches remembered for garbage collections, which are told at the end of the turn they fell in. */
const MEMORY = 32_768;

const now = performance.now.bind(performance);

interface LoopMetrics {
  readonly uvMetricsInfo: { readonly loopCount: number };
}
/** Turns of the event loop so far: 0.4 µs. */
const loopCount = (): number => (performance.nodeTiming as unknown as LoopMetrics).uvMetricsInfo.loopCount;

/** Follows who has the main thread. Times are performance.now(). */
export class Timeline {
  readonly nobody: Owner;
  /** Slices of at least the threshold. */
  readonly kept: Slice[] = [];
  dropped = 0;

  readonly #clock: ThreadClock;
  readonly #thresholdMs: number;
  readonly #maxSlices: number;

  /** Null while the event loop itself has the thread. */
  #running: Owner | null = null;
  #runningSince = 0;
  readonly #stack: (Owner | null)[] = [];
  /** Macrotasks so far, and the loop's turn when the last one began. */
  #turn = 0;
  #loopCount = 0;
  #callSlice: Slice | null = null;
  #nobodySlice: Slice | null = null;

  readonly #windowMs: Float64Array = new Float64Array(WINDOW);
  readonly #windowSlices: Slice[] = [];
  #windowOnThreadMs = 0;
  #readAt: number;
  #readCpuMs: number;
  #readDelayMs: number;

  readonly #switchAt: Float64Array = new Float64Array(MEMORY);
  readonly #switchTo: (Owner | null)[] = Array.from({ length: MEMORY }, () => null);
  #switches = 0;

  constructor(clock: ThreadClock, nobody: Owner, thresholdMs: number, maxSlices: number) {
    this.#clock = clock;
    this.nobody = nobody;
    this.#thresholdMs = thresholdMs;
    this.#maxSlices = maxSlices;
    clock.read();
    this.#readAt = now();
    this.#readCpuMs = clock.cpuMs;
    this.#readDelayMs = clock.hostDelayMs;
  }

  /** A callback of `owner`'s starts, within whatever runs already. */
  push(owner: Owner, macro: boolean): void {
    const stack = this.#stack;
    if (macro && stack.length === 0) {
      this.#turn++;
      this.#loopCount = loopCount();
    }
    stack.push(this.#running);
    this.become(owner);
  }

  /** It ends. */
  pop(): void {
    this.become(this.#stack.pop() ?? null);
  }

  /** Everything that ran ended by an exception. */
  unwind(): void {
    this.#stack.length = 0;
    this.become(null);
  }

  /** The running code belongs to `owner` from now on. */
  become(owner: Owner | null): void {
    const running = this.#running;
    if (owner === running) return;
    const t = now();
    if (running !== null) this.#endRun(running, t);
    this.#running = owner;
    this.#runningSince = t;
    const slot = this.#switches++ % MEMORY;
    this.#switchAt[slot] = t;
    this.#switchTo[slot] = owner;
    if (t - this.#readAt > CLOCK_INTERVAL_MS || this.#windowSlices.length === WINDOW) this.#readClock(t);
  }

  /** Who had the thread at `t`; nobody when it is too long ago. */
  ownerAt(t: number): Owner {
    let low = Math.max(0, this.#switches - MEMORY);
    let high = this.#switches - 1;
    let found: Owner | null = null;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const slot = middle % MEMORY;
      if ((this.#switchAt[slot] ?? 0) <= t) {
        found = this.#switchTo[slot] ?? null;
        low = middle + 1;
      } else high = middle - 1;
    }
    return found ?? this.nobody;
  }

  /** Books everything up to now. */
  finish(): void {
    this.become(null);
    this.#readClock(now());
    this.#close(this.#callSlice);
    this.#close(this.#nobodySlice);
    this.#callSlice = null;
    this.#nobodySlice = null;
  }

  #endRun(owner: Owner, t: number): void {
    const wallMs = t - this.#runningSince;
    owner.tally.onThreadMs += wallMs;
    const slice = this.#sliceOf(owner);
    slice.endedAtMs = t;
    this.#windowMs[this.#windowSlices.length] = wallMs;
    this.#windowSlices.push(slice);
    this.#windowOnThreadMs += wallMs;
  }

  /** The slice to which the run that ends now belongs. */
  #sliceOf(owner: Owner): Slice {
    const isNobody = owner === this.nobody;
    const open = isNobody ? this.#nobodySlice : this.#callSlice;
    const since = this.#runningSince;
    if (
      open?.owner === owner &&
      open.turn === this.#turn &&
      this.#isUnbroken(open, isNobody ? this.#callSlice : this.#nobodySlice)
    )
      return open;
    this.#close(open);
    const slice: Slice = {
      owner,
      startedAtMs: since,
      endedAtMs: since,
      turn: this.#turn,
      cpuMs: 0,
      hostDelayMs: 0,
    };
    if (isNobody) this.#nobodySlice = slice;
    else this.#callSlice = slice;
    return slice;
  }

  /** Whether nothing of note happened between the slice's end and the run that began since; `other`: what else ran last. */
  #isUnbroken({ endedAtMs }: Slice, other: Slice | null): boolean {
    if (this.#runningSince - endedAtMs <= MERGE_GAP_MS) return true;
    if (other !== null && other.endedAtMs - Math.max(other.startedAtMs, endedAtMs) > MERGE_GAP_MS)
      return false;
    return loopCount() === this.#loopCount;
  }

  #close(slice: Slice | null): void {
    if (slice === null || slice.endedAtMs - slice.startedAtMs < this.#thresholdMs) return;
    if (this.kept.length < this.#maxSlices) this.kept.push(slice);
    else this.dropped++;
  }

  /** Shares CPU and run-queue time since the last reading among the runs since then, by their length. */
  #readClock(t: number): void {
    const clock = this.#clock;
    clock.read();
    const cpuMs = clock.cpuMs - this.#readCpuMs;
    const delayMs = clock.hostDelayMs - this.#readDelayMs;
    const onThreadMs = this.#windowOnThreadMs;
    const slices = this.#windowSlices;
    let sharedMs = 0;
    for (let i = 0; i < slices.length; i++) {
      const slice = slices[i];
      const wallMs = this.#windowMs[i] ?? 0;
      if (slice === undefined || onThreadMs === 0) continue;
      const share = wallMs / onThreadMs;
      // The rest is the event loop's own work: no run uses more CPU than it lasted.
      const shareMs = Math.min(wallMs, cpuMs * share);
      slice.cpuMs += shareMs;
      slice.owner.tally.cpuMs += shareMs;
      slice.hostDelayMs += delayMs * share;
      sharedMs += shareMs;
    }
    this.nobody.tally.cpuMs += Math.max(0, cpuMs - sharedMs);
    slices.length = 0;
    this.#windowOnThreadMs = 0;
    this.#readAt = t;
    this.#readCpuMs = clock.cpuMs;
    this.#readDelayMs = clock.hostDelayMs;
  }
}
