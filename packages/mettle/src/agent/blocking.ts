import { measureMicrotaskUs } from './callback-cost.ts';
import { currentCall, observeCalls, runInNobodysCall, stopObservingCalls } from './calls.ts';
import type { Call, CallObserver } from './calls.ts';
import { runningSamples, startCpuProfile } from './cpu-profile.ts';
import type { ProfileResult } from './cpu-profile.ts';
import { watchGarbageCollection } from './gc-watch.ts';
import type { Collection } from './gc-watch.ts';
import type { Span } from './profile-store.ts';
import type { BlockingOptions, BlockingRecord, SliceColumns } from './protocol.ts';
import { knownSampleUs, measureSampleUs } from './sample-cost.ts';
import { listenToSwitches } from './switches.ts';
import { machineClockOffsetMs, openThreadClock } from './thread-clock.ts';
import { Timeline } from './timeline.ts';
import type { Owner, Slice, Tally } from './slice-book.ts';

/** Garbage collections kept one by one: a minute of a server that collects 300 times a second. */
const MAX_COLLECTIONS = 20_000;
/** Different subjects: more than the tools of any server seen (708); further ones are nobody's. */
const MAX_SUBJECTS = 2_000;

/** Shares of CPU time within this are by wall time; each reading of the clock costs up to 80 µs. */
const LEAST_CLOCK_INTERVAL_MS = 4;

/** With fewer there is little to take off, and measuring would cost more than was looked at. */
const LEAST_SAMPLES = 100;

/** What looking cost, per callback followed and per sample of V8's profiler. */
interface OwnCost {
  readonly callbackUs: number;
  readonly sampleUs: number;
}

const newTally = (index: number): Tally => ({
  index,
  calls: 0,
  onThreadMs: 0,
  cpuMs: 0,
  gcMs: 0,
  callbacks: 0,
  mergedInto: null,
});

class CallOwner implements Owner {
  tally: Tally;
  readonly call: Call | null;
  constructor(call: Call | null, tally: Tally) {
    this.call = call;
    this.tally = tally;
  }
}

/** Which call has the main thread, for how long, and a CPU profile beside it. */
export class Blocking implements CallObserver {
  readonly #tallies = new Map<string, Tally>([['', newTally(0)]]);
  readonly #nobody: Owner = { tally: this.#tallyOf('') };
  readonly #clock = openThreadClock();
  readonly #timeline: Timeline;
  readonly #collections: Collection[] = [];
  readonly #offsetMs = machineClockOffsetMs();
  readonly #startedAt: number;
  readonly #stopProfile: ReturnType<typeof startCpuProfile>;
  readonly #stopListening: (() => void)[];

  constructor(options: BlockingOptions) {
    // First, and stopped last: starting V8's profiler takes up to 100 ms that are nobody's.
    this.#stopProfile = startCpuProfile(options.samplingIntervalUs, () => this.#longSlices());
    this.#startedAt = performance.now();
    const timeline = new Timeline(this.#clock, this.#nobody, {
      thresholdMs: options.sliceThresholdMs,
      maxSlices: options.maxSlices,
      coarse: options.coarse === true,
      clockIntervalMs: Math.max(LEAST_CLOCK_INTERVAL_MS, options.samplingIntervalUs / 1000),
    });
    this.#timeline = timeline;
    const stopGc = watchGarbageCollection((collection) => this.#collected(collection));
    observeCalls(this);
    const stopSwitches = listenToSwitches(
      {
        get nested() {
          return timeline.nested;
        },
        starts: (macro) => timeline.starts(this.#currentOwner(), macro),
        ends: () => timeline.ends(),
        continues: () => timeline.continues(this.#currentOwner()),
        unwound: () => timeline.unwind(),
      },
      options.coarse === true,
    );
    this.#stopListening = [stopSwitches, stopObservingCalls, stopGc];
  }

  begun(call: Call): void {
    const { subject } = call;
    // Its sums go to the subject at once, or are kept apart until that is known.
    call.note = new CallOwner(call, subject === null ? newTally(0) : this.#tallyOf(subject));
  }

  named(call: Call): void {
    const owner = call.note as CallOwner;
    const tally = this.#tallyOf(call.subject ?? '');
    tally.calls++;
    if (owner.tally === tally) return;
    tally.onThreadMs += owner.tally.onThreadMs;
    tally.cpuMs += owner.tally.cpuMs;
    tally.gcMs += owner.tally.gcMs;
    tally.callbacks += owner.tally.callbacks;
    owner.tally.mergedInto = tally;
    owner.tally = tally;
  }

  entered(call: Call): void {
    this.#timeline.push(call.note as CallOwner);
  }

  left(): void {
    this.#timeline.pop();
  }

  becameCurrent(call: Call): void {
    this.#timeline.become(call.note as CallOwner);
  }

  /** Everything off; the record when wanted. */
  async stop(): Promise<BlockingRecord> {
    // Collections are told at the end of the turn in which they happened.
    await new Promise((resolve) => setImmediate(resolve));
    const observedMs = performance.now() - this.#startedAt;
    this.#timeline.finish();
    const profiled = this.#stopProfile();
    const onUs = await measureMicrotaskUs(
      (body) => runInNobodysCall(new CallOwner(null, newTally(0)), body),
      this.#clock,
    );
    for (const stop of this.#stopListening) stop();
    const offUs = await measureMicrotaskUs((body) => body(), this.#clock);
    const callbackUs = Math.max(0, onUs - offUs);
    const isWorthIt = runningSamples(profiled.profile) >= LEAST_SAMPLES;
    const sampleUs = isWorthIt ? await measureSampleUs().catch(() => 0) : knownSampleUs();
    return this.#record(observedMs, profiled, { callbackUs, sampleUs });
  }

  /** The same at once: also while one call holds the loop, which is then the owner of the last slice. */
  stopNow(): BlockingRecord {
    const observedMs = performance.now() - this.#startedAt;
    this.#timeline.finish();
    for (const stop of this.#stopListening) stop();
    // What following costs cannot be measured while the loop stands.
    return this.#record(observedMs, this.#stopProfile(), { callbackUs: 0, sampleUs: knownSampleUs() });
  }

  #record(
    observedMs: number,
    { profile, offsetUs }: ProfileResult,
    { callbackUs, sampleUs }: OwnCost,
  ): BlockingRecord {
    const subjects = [...this.#tallies.keys()];
    const tallies = [...this.#tallies.values()];
    const onThreadMs = tallies.reduce((sum, tally) => sum + tally.onThreadMs, 0);
    // Samples come by time, so each subject has had its part of them by time.
    const samplingMs = (runningSamples(profile) * sampleUs) / 1000 / (onThreadMs || 1);
    const ownCpuMs = (tally: Tally): number =>
      Math.min(tally.cpuMs, (tally.callbacks * callbackUs) / 1000 + tally.onThreadMs * samplingMs);
    return {
      subjects,
      calls: tallies.map((tally) => tally.calls),
      onThreadMs: tallies.map((tally) => tally.onThreadMs),
      cpuMs: tallies.map((tally) => tally.cpuMs - ownCpuMs(tally)),
      callbackCostUs: callbackUs,
      sampleCostUs: sampleUs,
      ownCpuMs: tallies.map(ownCpuMs),
      gcMs: tallies.map((tally) => tally.gcMs),
      slices: this.#columns(subjects),
      droppedSlices: this.#timeline.dropped,
      gc: {
        startedAtMs: this.#collections.map((collection) => collection.startedAtMs + this.#offsetMs),
        durationMs: this.#collections.map((collection) => collection.durationMs),
      },
      cpuClock: this.#clock.kind,
      startedAtMs: this.#startedAt + this.#offsetMs,
      observedMs,
      profile,
      profileOffsetUs: offsetUs,
    };
  }

  #longSlices(): readonly Span[] {
    return this.#timeline.kept.map(({ startedAtMs, endedAtMs }) => ({
      startUs: (startedAtMs + this.#offsetMs) * 1000,
      endUs: (endedAtMs + this.#offsetMs) * 1000,
    }));
  }

  #currentOwner(): Owner {
    const call = currentCall();
    return call === null ? this.#nobody : ((call.note as CallOwner | null) ?? this.#nobody);
  }

  #tallyOf(subject: string): Tally {
    const known = this.#tallies.get(subject);
    if (known !== undefined) return known;
    if (this.#tallies.size >= MAX_SUBJECTS) return this.#tallyOf('');
    const tally = newTally(this.#tallies.size);
    this.#tallies.set(subject, tally);
    return tally;
  }

  #collected(collection: Collection): void {
    if (collection.startedAtMs < this.#startedAt) return;
    const tally = [...this.#tallies.values()][this.#timeline.ownerAt(collection.startedAtMs)];
    if (tally !== undefined) tally.gcMs += collection.durationMs;
    if (this.#collections.length < MAX_COLLECTIONS) this.#collections.push(collection);
  }

  #columns(subjects: readonly string[]): SliceColumns {
    const index = new Map(subjects.map((subject, i) => [subject, i]));
    const callOf = ({ owner }: Slice): Call | null => (owner instanceof CallOwner ? owner.call : null);
    const { kept } = this.#timeline;
    const knowsDelay = this.#clock.hostDelayMs >= 0;
    return {
      subject: kept.map((slice) => index.get(callOf(slice)?.subject ?? '') ?? 0),
      call: kept.map((slice) => callOf(slice)?.number ?? 0),
      startedAtMs: kept.map((slice) => slice.startedAtMs + this.#offsetMs),
      wallMs: kept.map((slice) => slice.endedAtMs - slice.startedAtMs),
      cpuMs: kept.map((slice) => slice.cpuMs),
      hostDelayMs: kept.map((slice) => (knowsDelay ? slice.hostDelayMs : -1)),
    };
  }
}
