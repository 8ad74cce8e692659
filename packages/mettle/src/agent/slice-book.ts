import type { ThreadClock } from './thread-clock.ts';

/** Sums of what ran for one subject. */
export interface Tally {
  /** Its place among the subjects; 0 is nobody, and what is not known yet. */
  readonly index: number;
  calls: number;
  onThreadMs: number;
  cpuMs: number;
  gcMs: number;
  /** Callbacks that the instrument was told of: what each of them costs is the instrument's own doing. */
  callbacks: number;
  /** Where its sums went when its call's subject became known. */
  mergedInto: Tally | null;
}

/** To whom main-thread time belongs: a call, or nobody's code. */
export interface Owner {
  /** A call's private one until its subject is known. */
  tally: Tally;
}

/** A slice that was kept. */
export interface Slice {
  readonly owner: Owner;
  readonly startedAtMs: number;
  readonly endedAtMs: number;
  cpuMs: number;
  hostDelayMs: number;
}

/** The slice that grows. One object for all of them: a busy server has a hundred thousand a second, nearly all too short to keep. */
interface OpenSlice {
  owner: Owner | null;
  /** Tells its runs from those of others. */
  number: number;
  startedAtMs: number;
  endedAtMs: number;
  turn: number;
  cpuMs: number;
  hostDelayMs: number;
}

/**
 * Two runs of one call within one macrotask are one slice. What lies between is the microtask queue's own
 * work; longer than this it may be somebody else's code, or the loop may have turned unseen (for a promise
 * that Node's own threads settled), and both are looked at.
 */
const MERGE_GAP_MS = 1;
/** Runs between two clock readings; when full, the clock is read early. */
const WINDOW = 4_096;

interface LoopMetrics {
  readonly uvMetricsInfo: { readonly loopCount: number };
}
const metrics = performance.nodeTiming as unknown as LoopMetrics;
/** Turns of the event loop so far. */
const loopCount = (): number => metrics.uvMetricsInfo.loopCount;

export interface BookOptions {
  /** Slices of at least this long are kept, the longest. */
  readonly thresholdMs: number;
  readonly maxSlices: number;
  /** Between two readings of the thread clock. */
  readonly clockIntervalMs: number;
  /** The ends of microtasks are not told. */
  readonly coarse?: boolean;
  /** Default performance.now(). */
  readonly now?: () => number;
}

/** Books runs into slices and sums, and gives each its share of the CPU time. */
export class SliceBook {
  /** Slices of at least the threshold. */
  readonly kept: Slice[] = [];
  dropped = 0;

  readonly #nobody: Owner;
  readonly #clock: ThreadClock;
  readonly #options: BookOptions;

  /** Macrotasks so far, and the loop's turn when the last one began. */
  #turn = 0;
  #loopCount = 0;
  /** What nobody's code does in between does not end a call's slice, nor the other way round. */
  readonly #callSlice = newOpenSlice();
  readonly #nobodySlice = newOpenSlice();
  #slices = 0;
  #finished = false;

  /** Runs since the clock was read. */
  readonly #runMs: Float64Array = new Float64Array(WINDOW);
  readonly #runSlice: Float64Array = new Float64Array(WINDOW);
  readonly #runTally: Tally[] = [];
  #runs = 0;
  #onThreadMs = 0;
  /** Slices kept since then, by number: they get their share when it is read. */
  readonly #waiting = new Map<number, Slice>();
  #readAt: number;
  #readCpuMs: number;
  #readDelayMs: number;

  constructor(clock: ThreadClock, nobody: Owner, options: BookOptions) {
    this.#clock = clock;
    this.#nobody = nobody;
    this.#options = options;
    clock.read();
    this.#readAt = (options.now ?? performance.now.bind(performance))();
    this.#readCpuMs = clock.cpuMs;
    this.#readDelayMs = clock.hostDelayMs;
  }

  /** A macrotask begins. */
  turned(): void {
    this.#turn++;
    this.#loopCount = loopCount();
  }

  /** Whether the loop turned without a macrotask that was told. */
  hasTurnedUnseen(): boolean {
    return loopCount() !== this.#loopCount;
  }

  /** An upper limit for anything that began since the clock was last read. */
  cpuSinceReadingMs(): number {
    this.#clock.read();
    return this.#clock.cpuMs - this.#readCpuMs;
  }

  /** `owner` had the thread from `since` to `until`. */
  ran(owner: Owner, since: number, until: number): void {
    if (this.#finished) return;
    const wallMs = until > since ? until - since : 0;
    const isNobody = owner === this.#nobody;
    const slice = isNobody ? this.#nobodySlice : this.#callSlice;
    if (
      slice.owner !== owner ||
      slice.turn !== this.#turn ||
      !this.#isUnbroken(slice, isNobody ? this.#callSlice : this.#nobodySlice, since)
    )
      this.#open(slice, owner, since);
    slice.endedAtMs = since + wallMs;
    const run = this.#runs++;
    this.#runMs[run] = wallMs;
    this.#runSlice[run] = slice.number;
    this.#runTally[run] = owner.tally;
    this.#onThreadMs += wallMs;
  }

  readClockWhenDue(t: number): void {
    if (t - this.#readAt > this.#options.clockIntervalMs || this.#runs === WINDOW) this.#readClock(t);
  }

  /** What runs from now on is not booked. */
  finish(t: number): void {
    this.#keepIfLong(this.#callSlice);
    this.#keepIfLong(this.#nobodySlice);
    this.#readClock(t);
    this.#dropShortest();
    this.#finished = true;
  }

  #open(slice: OpenSlice, owner: Owner, since: number): void {
    this.#keepIfLong(slice);
    slice.owner = owner;
    slice.number = ++this.#slices;
    slice.startedAtMs = since;
    slice.turn = this.#turn;
    slice.cpuMs = 0;
    slice.hostDelayMs = 0;
  }

  /** Whether nothing of note happened between the slice's end and the run that began at `since`; `other`: what else ran last. */
  #isUnbroken({ endedAtMs }: OpenSlice, other: OpenSlice, since: number): boolean {
    if (since - endedAtMs <= MERGE_GAP_MS) return true;
    if (other.owner !== null && other.endedAtMs - Math.max(other.startedAtMs, endedAtMs) > MERGE_GAP_MS)
      return false;
    return !this.hasTurnedUnseen();
  }

  #keepIfLong({ owner, number, startedAtMs, endedAtMs, cpuMs, hostDelayMs }: OpenSlice): void {
    if (owner === null || endedAtMs - startedAtMs < this.#options.thresholdMs) return;
    if (this.kept.length >= 2 * this.#options.maxSlices) this.#dropShortest();
    const slice = { owner, startedAtMs, endedAtMs, cpuMs, hostDelayMs };
    this.kept.push(slice);
    this.#waiting.set(number, slice);
  }

  /** The longest stay, however long ago they were: so the sorting comes once in as many slices as may be kept. */
  #dropShortest(): void {
    const { kept } = this;
    kept.sort((a, b) => b.endedAtMs - b.startedAtMs - (a.endedAtMs - a.startedAtMs));
    this.dropped += Math.max(0, kept.length - this.#options.maxSlices);
    kept.length = Math.min(kept.length, this.#options.maxSlices);
  }

  /** Shares CPU and run-queue time since the last reading among the runs since then, by their length. */
  #readClock(t: number): void {
    const clock = this.#clock;
    clock.read();
    const cpuMs = clock.cpuMs - this.#readCpuMs;
    const delayMs = clock.hostDelayMs - this.#readDelayMs;
    const onThreadMs = this.#onThreadMs;
    let sharedMs = 0;
    for (let run = 0; run < this.#runs; run++) {
      const wallMs = this.#runMs[run] ?? 0;
      const booked = this.#runTally[run];
      if (wallMs === 0 || booked === undefined) continue;
      const tally = booked.mergedInto ?? booked;
      const share = wallMs / onThreadMs;
      // The rest is the event loop's own work: no run uses more CPU than it lasted.
      const shareMs = Math.min(wallMs, cpuMs * share);
      tally.onThreadMs += wallMs;
      tally.cpuMs += shareMs;
      sharedMs += shareMs;
      const slice = this.#sliceNumbered(this.#runSlice[run] ?? 0);
      if (slice === undefined) continue;
      slice.cpuMs += shareMs;
      slice.hostDelayMs += delayMs * share;
    }
    this.#nobody.tally.cpuMs += Math.max(0, cpuMs - sharedMs);
    if (this.#waiting.size > 0) this.#waiting.clear();
    this.#runs = 0;
    this.#onThreadMs = 0;
    this.#readAt = t;
    this.#readCpuMs = clock.cpuMs;
    this.#readDelayMs = clock.hostDelayMs;
  }

  /** If it is open, or waits for its share; all others were too short. */
  #sliceNumbered(number: number): OpenSlice | Slice | undefined {
    if (number === this.#callSlice.number) return this.#callSlice;
    if (number === this.#nobodySlice.number) return this.#nobodySlice;
    return this.#waiting.size === 0 ? undefined : this.#waiting.get(number);
  }
}

function newOpenSlice(): OpenSlice {
  return { owner: null, number: 0, startedAtMs: 0, endedAtMs: 0, turn: 0, cpuMs: 0, hostDelayMs: 0 };
}
