import { setMaxListeners } from 'node:events';
import { createReadStream } from 'node:fs';
import { setTimeout as pause } from 'node:timers/promises';
import type { HeapMemory, HeapRecording } from '../../collect/index.ts';
import { readFence } from '../../derive/heap/fence.ts';
import { readHeapSnapshot } from '../../derive/heap/index.ts';
import type { HeapSnapshot } from '../../derive/heap/index.ts';
import type { HeapGrowthEvidence, HeapReading, HeapRound, HeapSubject } from '../../evidence/index.ts';
// Not by the index: of all that is there little is wanted in a test's own process, whose heap is read.
import { runRound } from '../../load/leak/rounds.ts';
import type { DriverTally, LeakDriver } from '../../load/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { seededRandom } from '../../stats/index.ts';
import { LeakTime } from './leak-time.ts';
import type { LeakTimeOptions } from './leak-time.ts';
import { expectedPauseMs, memoryRefusal, NotExamined, snapshotsMs } from './snapshot-guard.ts';
import type { Pause } from './snapshot-guard.ts';

export interface LeakRunOptions extends LeakTimeOptions {
  readonly recording: HeapRecording;
  readonly drivers: readonly LeakDriver[];
  readonly seed: number;
  readonly signal: AbortSignal;
  /** How long a call of each driver takes. */
  readonly callMs: readonly number[];
  readonly onCall: (subject: string, calls: number) => void;
}

/** Calls under way together: facts have it twice as fast per call as one at a time, and more gains little. */
const IN_FLIGHT = 16;
/** Work that goes on after the answers: timers of some milliseconds, streams that end. */
const SETTLE_MS = 60;
/** Of the time that is left, for the further calls of one subject at a time. */
const SHARE_OF_A_BURST = 0.2;
/** Of the time that is left, the most that one round may take when nothing else is said: some come after it. */
const SHARE_OF_A_ROUND = 0.25;
/** However late it is, a step that is made at all has so long. */
const LEAST_STEP_MS = 300;
/** The snapshot is read in pieces of this size. */
const CHUNK_BYTES = 4 * 1024 * 1024;

/** The rounds of one examination, and what was read between them. */
export class LeakRun {
  readonly recording: HeapRecording;
  readonly drivers: readonly LeakDriver[];
  readonly subjects: readonly HeapSubject[];
  readonly tallies: readonly DriverTally[];
  readonly signal: AbortSignal;
  readonly rounds: HeapRound[] = [];
  readonly memories: HeapMemory[] = [];
  readonly timeline: HeapReading[] = [];
  readonly snapshots: HeapGrowthEvidence['snapshots'][number][] = [];
  readonly #random: () => number;
  readonly callMs: readonly number[];
  readonly #time: LeakTime;
  #lastPause: Pause | undefined;
  readonly #onCall: LeakRunOptions['onCall'];
  #calls = 0;

  constructor(options: LeakRunOptions) {
    this.recording = options.recording;
    this.drivers = options.drivers;
    this.subjects = options.drivers.map((driver) => driver.subject);
    this.tallies = options.drivers.map(() => ({ calls: 0, errors: 0, firstError: null }));
    this.signal = options.signal;
    this.#random = seededRandom(options.seed);
    this.callMs = options.callMs;
    this.#time = new LeakTime(options);
    // Each call under way listens to it.
    setMaxListeners(10 * IN_FLIGHT, options.signal);
    this.#onCall = options.onCall;
  }

  get isShortOfTime(): boolean {
    return this.#time.isShort;
  }

  get leftForCallsMs(): number {
    return this.#time.leftForCallsMs;
  }

  get leftForScreeningMs(): number {
    return this.#time.leftForScreeningMs;
  }

  get leftMs(): number {
    return this.#time.leftMs;
  }

  extendForScreening(): void {
    this.#time.extendForScreening();
  }

  extendForVerdicts(): void {
    this.#time.extendForVerdicts();
  }

  /** The snapshot taken last. */
  get lastPause(): Pause | undefined {
    return this.#lastPause;
  }

  /** So many snapshots, of which the last is read whole, will take about so long. */
  snapshotsMs(snapshots: number): number {
    return snapshotsMs(
      snapshots,
      expectedPauseMs(
        {
          heapUsedBytes: this.memories.at(-1)?.after.heapUsedBytes ?? 0,
          collectionCpuMs: this.memories.at(-1)?.collectionCpuMs ?? 0,
        },
        this.#lastPause,
      ),
    );
  }

  /** Whether there is the memory for another snapshot. */
  get hasRoomForSnapshot(): boolean {
    return memoryRefusal(this.memories.at(-1)?.after.heapUsedBytes ?? 0, this.recording.room()) === null;
  }

  /** How many calls of a driver fit into a part of the time that is left. */
  affordableCalls(driver: number): number {
    const callMs = this.callMs[driver] ?? 0;
    // One after the other at worst: what calls have in common often is a lock.
    return Math.floor((this.leftForCallsMs * SHARE_OF_A_BURST) / Math.max(0.05, callMs));
  }

  /**
   * Makes the calls of one round and waits until the server is quiet; the round is put on record, with the calls that were
   * really made of those wanted.
   */
  async round(kind: HeapRound['kind'], counts: readonly number[], share?: number): Promise<void> {
    const startedAtMs = monotonicMs();
    const calls = await this.calls(
      kind === 'repeat' ? 'repeat' : 'fresh',
      counts,
      share === undefined ? {} : { share },
    );
    this.rounds.push({ kind, durationMs: monotonicMs() - startedAtMs, calls });
  }

  async idle(durationMs: number): Promise<void> {
    await pause(durationMs);
    this.rounds.push({ kind: 'idle', durationMs, calls: this.drivers.map(() => 0) });
  }

  /**
   * Calls that belong to no round, for no longer than a share of the time that is left; how many were made of each
   * driver.
   */
  async calls(
    mode: 'fresh' | 'repeat',
    counts: readonly number[],
    {
      settleMs = SETTLE_MS,
      share = SHARE_OF_A_ROUND,
      leastMs = LEAST_STEP_MS,
    }: { settleMs?: number; share?: number; leastMs?: number } = {},
  ): Promise<readonly number[]> {
    const made = await runRound(this.drivers, counts, this.tallies, {
      mode,
      inFlight: IN_FLIGHT,
      random: this.#random,
      signal: this.signal,
      deadlineMs: monotonicMs() + Math.max(leastMs, share * this.leftMs),
      onCall: (subject) => this.#onCall(subject, ++this.#calls),
    });
    if (settleMs > 0) await pause(settleMs);
    this.signal.throwIfAborted();
    return made;
  }

  /** Collects garbage and notes what is left. */
  async readMemory(): Promise<HeapMemory> {
    const memory = await this.recording.memory();
    this.memories.push(memory);
    const round = this.rounds.length - 1;
    for (const collected of ['before', 'after'] as const) {
      const { nativeBytes: _, ...figures } = memory[collected];
      this.timeline.push({ atMs: memory.atMs, round, collected, ...figures });
    }
    return memory;
  }

  /** Calls that were made before anything was counted: the first round is told with them. */
  addToWarmUp(calls: readonly number[]): void {
    const [warmUp] = this.rounds;
    if (warmUp === undefined) return;
    this.rounds[0] = { ...warmUp, calls: warmUp.calls.map((made, i) => made + (calls[i] ?? 0)) };
  }

  /** A snapshot of which only what divides the older from the younger is kept. */
  fence(): Promise<number> {
    return this.#snapshot(false, (file) => readFence(chunksOf(file)));
  }

  /** A snapshot that is read whole. */
  snapshot(): Promise<HeapSnapshot> {
    return this.#snapshot(true, (file) => readHeapSnapshot(chunksOf(file)));
  }

  /** Nothing else can be had of a server that a snapshot holds for longer than all the time that there is. */
  async #inTime<T>(taking: Promise<T>): Promise<T> {
    const mostMs = Math.max(LEAST_SNAPSHOT_MS, this.#time.mostLeftMs);
    const late = new AbortController();
    const givenUp = pause(mostMs, null, { signal: late.signal }).then(() => {
      throw new NotExamined(
        `a heap snapshot had not ended after ${(mostMs / 1000).toFixed(0)} s (raise --budget)`,
      );
    });
    try {
      return await Promise.race([taking, givenUp]);
    } finally {
      late.abort();
      givenUp.catch(() => {});
      taking.catch(() => {});
    }
  }

  async #snapshot<T>(numbers: boolean, read: (file: string) => Promise<T>): Promise<T> {
    this.signal.throwIfAborted();
    const taken = await this.#inTime(this.recording.snapshot({ numbers }, read));
    this.snapshots.push({ pauseMs: taken.pauseMs, bytes: taken.bytes });
    this.#lastPause = taken;
    return taken.read;
  }
}

/** Less time than that is none for a snapshot that was thought to fit. */
const LEAST_SNAPSHOT_MS = 3000;

function chunksOf(file: string): AsyncIterable<Uint8Array> {
  return createReadStream(file, { highWaterMark: CHUNK_BYTES });
}
