import type { Session } from 'node:inspector';
import { getHeapStatistics } from 'node:v8';
import type { MemoryReading } from '../evidence/index.ts';
import { agentWork } from './agent-work.ts';
import { observeCalls, stopObservingCalls } from './calls.ts';
import type { Call, CallObserver } from './calls.ts';
import { afterFullCollections } from './full-collections.ts';
import { collectGarbage } from './garbage.ts';
import { survivingSites } from './heap-sampling.ts';
import type { SamplingProfile } from './heap-sampling.ts';
import type { MemoryWatchOptions, MemoryWatchRecord } from './protocol.ts';
import { silently } from './silently.ts';

/** Readings of each kind that are kept; then every other one is dropped, and half as many taken. */
const MOST_READINGS = 600;
/** How fast the server allocates is looked at for a twentieth of the time, and at most for so long. */
const LOOKING_SHARE = 0.05;
const MOST_LOOKING_MS = 2000;
const LOOK_MS = 20;
/** Measured on Node 20 to 26: 10 to 20 µs a sample, of a stack of twenty frames. At so many a second, 0.3 % of a core. */
const SAMPLES_A_SECOND = 200;
const FINEST_BYTES = 16 * 1024;
const COARSEST_BYTES = 2 * 1024 * 1024;
/** Subjects counted one by one. */
const MOST_SUBJECTS = 500;

/** V8 forgets the ids of objects when any session ends: left open until the second snapshot has been taken. */
const leftOpen = new Set<Session>();

/** Ends what was left open. */
export function closeKeptSessions(): void {
  for (const session of leftOpen) session.disconnect();
  leftOpen.clear();
}

/**
 * Reads the memory of a server in use now and then and after V8's own full collections, and samples what it allocates.
 * Collects garbage only if it is told to, and once at the end where the profile is read: V8 has no other way.
 */
export class MemoryWatch implements CallObserver {
  readonly #options: MemoryWatchOptions;
  readonly #startedAtMs = performance.now();
  readonly #calls = new Map<string, number>();
  #callCount = 0;
  #passing: MemoryReading[] = [];
  #collected: MemoryReading[] = [];
  #passingEvery = 1;
  #collectedEvery = 1;
  #seen = { passing: 0, collected: 0 };
  #pausesMs: number[] = [];
  #session: Session | null = null;
  #sampling: { readonly intervalBytes: number; readonly fromMs: number } | null = null;
  readonly #timers: NodeJS.Timeout[] = [];
  readonly #stopWatching: () => void;

  constructor(options: MemoryWatchOptions) {
    this.#options = options;
    observeCalls(this);
    // Where Mettle collects, it reads at once; one level is not to count twice.
    this.#stopWatching =
      options.collectEveryMs === null
        ? afterFullCollections(() => silently(() => this.#read('collected')))
        : () => {};
    agentWork(() => {
      this.#read('passing');
      this.#every(options.pollEveryMs, () => this.#read('passing'));
      const { collectEveryMs } = options;
      if (collectEveryMs !== null) {
        this.#collect();
        this.#every(collectEveryMs, () => this.#collect());
      }
      if (options.profile) this.#beginSampling();
    });
  }

  begun(): void {
    this.#callCount++;
  }
  named({ subject }: Call): void {
    if (subject === null || (!this.#calls.has(subject) && this.#calls.size >= MOST_SUBJECTS)) return;
    this.#calls.set(subject, (this.#calls.get(subject) ?? 0) + 1);
  }
  entered(): void {}
  left(): void {}
  becameCurrent(): void {}
  replied(): void {}

  stop(): MemoryWatchRecord {
    for (const timer of this.#timers) clearInterval(timer);
    if (this.#options.collectEveryMs !== null) this.#collect();
    const sampling = this.#readProfile();
    this.#end();
    return this.#record(sampling);
  }

  /** For nobody: collects nothing. */
  stopNow(): MemoryWatchRecord {
    this.#end();
    return this.#record(null);
  }

  #end(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#stopWatching();
    stopObservingCalls();
    const session = this.#session;
    this.#session = null;
    if (session !== null && this.#options.keepIds) leftOpen.add(session);
    else session?.disconnect();
  }

  #record(sampling: MemoryWatchRecord['sampling']): MemoryWatchRecord {
    return {
      observedMs: performance.now() - this.#startedAtMs,
      calls: [...this.#calls].map(([name, calls]) => ({ name, calls })),
      readings: [...this.#passing, ...this.#collected].sort((a, b) => a.atMs - b.atMs),
      sampling,
      collectionsMs: this.#pausesMs,
      heapLimitBytes: getHeapStatistics().heap_size_limit,
    };
  }

  #every(ms: number, body: () => void): void {
    const timer = setInterval(() => agentWork(() => silently(body)), ms);
    timer.unref();
    this.#timers.push(timer);
  }

  #read(when: MemoryReading['when']): void {
    const isPassing = when === 'passing';
    const number = isPassing ? this.#seen.passing++ : this.#seen.collected++;
    if (number % (isPassing ? this.#passingEvery : this.#collectedEvery) !== 0) return;
    const { heapUsed, heapTotal, external, arrayBuffers, rss } = process.memoryUsage();
    const readings = isPassing ? this.#passing : this.#collected;
    readings.push({
      atMs: performance.now() - this.#startedAtMs,
      when,
      heapUsedBytes: heapUsed,
      heapTotalBytes: heapTotal,
      externalBytes: external,
      arrayBuffersBytes: arrayBuffers,
      rssBytes: rss,
      calls: this.#callCount,
    });
    if (readings.length < MOST_READINGS) return;
    const kept = readings.filter((_, i) => i % 2 === 0);
    if (isPassing) {
      this.#passing = kept;
      this.#passingEvery *= 2;
    } else {
      this.#collected = kept;
      this.#collectedEvery *= 2;
    }
  }

  #collect(): void {
    const startedAtMs = performance.now();
    collectGarbage();
    this.#pausesMs.push(performance.now() - startedAtMs);
    this.#read('collected');
  }

  /** First how fast it allocates, then one sample in so many bytes that the cost stays what it may be. */
  #beginSampling(): void {
    const lookingMs = Math.min(MOST_LOOKING_MS, this.#options.durationMs * LOOKING_SHARE);
    const fromMs = performance.now();
    let allocated = 0;
    let before = process.memoryUsage().heapUsed;
    const looking = setInterval(
      () =>
        agentWork(() =>
          silently(() => {
            const now = process.memoryUsage().heapUsed;
            allocated += Math.max(0, now - before);
            before = now;
            const goneMs = performance.now() - fromMs;
            if (goneMs < lookingMs) return;
            clearInterval(looking);
            this.#sample((allocated / goneMs) * 1000);
          }),
        ),
      LOOK_MS,
    );
    looking.unref();
    this.#timers.push(looking);
  }

  #sample(bytesPerSecond: number): void {
    const wanted = bytesPerSecond / SAMPLES_A_SECOND;
    const intervalBytes = Math.round(Math.min(COARSEST_BYTES, Math.max(FINEST_BYTES, wanted)));
    const { Session } = process.getBuiltinModule('node:inspector');
    this.#session = new Session();
    this.#session.connect();
    this.#session.post('HeapProfiler.startSampling', { samplingInterval: intervalBytes });
    this.#sampling = { intervalBytes, fromMs: performance.now() - this.#startedAtMs };
  }

  #readProfile(): MemoryWatchRecord['sampling'] {
    const session = this.#session;
    const sampling = this.#sampling;
    if (session === null || sampling === null) return null;
    const startedAtMs = performance.now();
    let profile: SamplingProfile | null = null;
    // Answered at once: the session is this thread's own.
    session.post('HeapProfiler.stopSampling', (error: Error | null, answer?: object) => {
      if (error === null) profile = answer as SamplingProfile;
    });
    const pauseMs = performance.now() - startedAtMs;
    // V8 has just collected all garbage for it.
    this.#read('collected');
    return profile === null ? null : { ...sampling, pauseMs, ...survivingSites(profile) };
  }
}
