import { SliceBook } from './slice-book.ts';
import type { BookOptions, Owner, Slice } from './slice-book.ts';
import type { ThreadClock } from './thread-clock.ts';

/** Switches remembered for garbage collections, which are told at the end of the turn they fell in. */
const MEMORY = 2 ** 15;
/** Callbacks nest as deep as the stack allows; what is deeper than this belongs to whoever runs at that depth. */
const DEEPEST = 4_096;
/** A microtask that lasted longer is looked at: the loop may have turned unseen since the one before it. */
const LONG_MICROTASK_MS = 1;

/** Time in which the event loop waited, so far, in ms. */
const idleMs = (): number => (performance.nodeTiming as unknown as { readonly idleTime: number }).idleTime;

/**
 * Follows who has the main thread. Times are performance.now(). What happens many times in a call (a microtask of the
 * call that ran before) reads a clock once and allocates nothing; what is kept of each switch is numbers, so that no
 * call is held in memory for longer than the server holds it.
 */
export class Timeline {
  readonly #book: SliceBook;
  readonly #now: () => number;
  /** The ends of microtasks are not told; then the loop's idle time says when the last one of a turn ended. */
  readonly #coarse: boolean;
  readonly #nobody: Owner;
  #idleAtTurn = 0;

  /** Null while the event loop itself has the thread. */
  #running: Owner | null = null;
  #runningSince = 0;
  /** Callbacks within callbacks, below the one that runs. */
  readonly #stack: (Owner | null)[] = [];
  #depth = 0;
  /** A microtask or nextTick runs that nothing else is around. Between two of them the owner stays: most often it is the same. */
  #inMicrotask = false;
  /** When the last of them ended. */
  #lastSeen = 0;

  readonly #switchAt: Float64Array = new Float64Array(MEMORY);
  readonly #switchTo: Uint16Array = new Uint16Array(MEMORY);
  #switches = 0;

  constructor(clock: ThreadClock, nobody: Owner, options: BookOptions) {
    this.#now = options.now ?? performance.now.bind(performance);
    this.#coarse = options.coarse === true;
    this.#nobody = nobody;
    this.#book = new SliceBook(clock, nobody, options);
  }

  /** Slices of at least the threshold. */
  get kept(): readonly Slice[] {
    return this.#book.kept;
  }

  get dropped(): number {
    return this.#book.dropped;
  }

  /** Whether a callback that starts now runs within another one, so that it can be no macrotask. */
  get nested(): boolean {
    return this.#depth > 0 || this.#inMicrotask;
  }

  /** A callback of `owner`'s starts; `macro`: the event loop itself calls it. */
  starts(owner: Owner, macro: boolean): void {
    owner.tally.callbacks++;
    if (this.#depth > 0 || this.#inMicrotask) this.push(owner);
    else if (macro) {
      this.#settle();
      this.#book.turned();
      this.push(owner);
    } else {
      this.#inMicrotask = true;
      if (owner !== this.#running) this.#begins(owner);
    }
  }

  /** A microtask of `owner`'s starts whose end will not be told. */
  continues(owner: Owner): void {
    owner.tally.callbacks++;
    if (owner !== this.#running) this.#begins(owner);
  }

  /** It ends. */
  ends(): void {
    if (this.#depth > 0) this.pop();
    else this.#microtaskEnds();
  }

  /** Code of `owner`'s begins within what runs. */
  push(owner: Owner): void {
    if (this.#depth < DEEPEST) this.#stack[this.#depth] = this.#running;
    this.#depth++;
    this.become(owner);
  }

  pop(): void {
    if (this.#depth === 0) return;
    this.#depth--;
    if (this.#depth >= DEEPEST) return;
    const below = this.#stack[this.#depth] ?? null;
    // The rest of a turn is nearly always the same call's microtasks: until another begins, it stays with that.
    if (this.#coarse && (below === null || below === this.#nobody)) return;
    this.become(below);
  }

  /** Everything that ran ended by an exception. */
  unwind(): void {
    this.#depth = 0;
    this.#inMicrotask = false;
    this.become(null);
  }

  /** The running code belongs to `owner` from now on. */
  become(owner: Owner | null): void {
    if (owner === this.#running) return;
    const t = this.#now();
    this.#switch(owner, t, t);
  }

  /** Whose it was at `t`, as an index of a tally; nobody's when it is too long ago. */
  ownerAt(t: number): number {
    let low = Math.max(0, this.#switches - MEMORY);
    let high = this.#switches - 1;
    let found = 0;
    while (low <= high) {
      const middle = (low + high) >> 1;
      const slot = middle % MEMORY;
      if ((this.#switchAt[slot] ?? 0) <= t) {
        found = this.#switchTo[slot] ?? 0;
        low = middle + 1;
      } else high = middle - 1;
    }
    return found;
  }

  /** Books everything up to now. */
  finish(): void {
    if (!this.nested) this.#settle();
    this.become(null);
    this.#book.finish(this.#now());
  }

  #begins(owner: Owner): void {
    const t = this.#now();
    this.#switch(owner, this.#coarse ? this.#endBefore(t) : this.#lastSeen, t);
  }

  /** Without the loop's waiting since the turn began, if the run lasted long enough to hold some. */
  #endBefore(t: number): number {
    if (t - this.#runningSince <= LONG_MICROTASK_MS) return t;
    const idle = idleMs();
    const endedAt = Math.max(this.#runningSince, t - (idle - this.#idleAtTurn));
    this.#idleAtTurn = idle;
    return endedAt;
  }

  /** The loop has the thread since the last microtask ended. */
  #settle(): void {
    if (this.#coarse) {
      const idle = idleMs();
      if (this.#running !== null) {
        const endedAt = Math.max(this.#runningSince, this.#now() - (idle - this.#idleAtTurn));
        this.#switch(null, endedAt, endedAt);
      }
      this.#idleAtTurn = idle;
    } else if (this.#running !== null) this.#switch(null, this.#lastSeen, this.#lastSeen);
  }

  #microtaskEnds(): void {
    this.#inMicrotask = false;
    if (this.#coarse) return;
    const t = this.#now();
    // A run that began with this microtask was seen to begin.
    const isFirst = this.#runningSince > this.#lastSeen;
    if (!isFirst && t - this.#lastSeen > LONG_MICROTASK_MS && this.#book.hasTurnedUnseen())
      this.#beganLater(this.#running, t);
    this.#lastSeen = t;
  }

  /** The microtask that ends at `t` began long after the one before it, in a turn that nobody told. Its CPU time says how long it can have run. */
  #beganLater(running: Owner | null, t: number): void {
    const ranMs = Math.min(t - this.#lastSeen, this.#book.cpuSinceReadingMs());
    this.#switch(null, this.#lastSeen, this.#lastSeen);
    this.#book.turned();
    this.#switch(running, t - ranMs, t - ranMs);
  }

  /** What ran ended at `endedAt`; `owner` begins at `t`. */
  #switch(owner: Owner | null, endedAt: number, t: number): void {
    const running = this.#running;
    if (running !== null) this.#book.ran(running, this.#runningSince, endedAt);
    this.#running = owner;
    this.#runningSince = t;
    const slot = this.#switches++ & (MEMORY - 1);
    this.#switchAt[slot] = t;
    this.#switchTo[slot] = owner === null ? 0 : owner.tally.index;
    this.#book.readClockWhenDue(t);
  }
}
