import { enabledSteps, onlyTimeouts } from './enabled.ts';
import { held } from './held-steps.ts';
import type { HeldStep } from './held-steps.ts';
import { allLanes } from './lane.ts';
import type { Chain } from './lane.ts';
import { native } from './natives.ts';
import { pause, quiet, somethingIsActive } from './quiescence.ts';
import { threadsOwe } from './thread-lines.ts';
import { continuationOf } from './strategies.ts';
import type { Strategy } from './strategies.ts';
import type { TrialRecording } from './trial-recording.ts';
import { advanceTo, clockRests, timePassesBetweenCalls, virtualNowMs } from './virtual-clock.ts';

/** How long a standstill with something active outside is watched before it counts as a time-out. */
const STANDSTILL_MS = 5_000;
/** How long calls may take where nothing is held. */
const FREE_PATIENCE_MS = 10_000;
/** Looks at a standstill, 2 ms apart, without anything active: then nothing can happen any more. */
const CALM_LOOKS = 10;
const LOOK_EVERY_MS = 2;
/** Before a time-out is let fire, what is active outside gets this long to come first. */
const BEFORE_TIMEOUTS_MS = 100;
/** Repeating timers may fire so often without any effect on a call before they count as nothing. */
const FUTILE_FIRINGS = 50;
/** After the last answer work goes on for so much virtual time: what writes behind has done it by then. */
const AFTERMATH_MS = 1_000;

/** Takes the steps of one trial, one at a time. */
export class Scheduler {
  readonly recording: TrialRecording;
  readonly #strategy: Strategy | null;
  readonly #maxSteps: number;
  last: Chain | null = null;
  #taken = 0;
  #stopped = false;
  /** Firings of idle timers since a call last did anything. */
  #futile = 0;
  #answeredAtMs: number | null = null;

  constructor(recording: TrialRecording, strategy: Strategy | null, maxSteps: number) {
    this.recording = recording;
    this.#strategy = strategy;
    this.#maxSteps = maxSteps;
  }

  /** The trial is over before its end: whoever waits for it gives up. */
  stop(): void {
    this.#stopped = true;
  }

  get allAnswered(): boolean {
    for (const { answered } of allLanes()) if (!answered) return false;
    return true;
  }

  /** What can be taken now; nothing more when all is answered and only time would pass, or when only time passes for nothing. */
  enabled(): readonly HeldStep[] {
    const able = enabledSteps(held.pending, virtualNowMs());
    // A thread computes in real time: none of ours passes before it has answered, not even where it was given up waiting.
    const enabled = threadsOwe() ? able.filter(({ dueMs }) => dueMs === null) : able;
    return this.#isAftermathOver(enabled) || this.#isFutile(enabled) ? [] : enabled;
  }

  #isFutile(enabled: readonly HeldStep[]): boolean {
    return (
      this.#futile > FUTILE_FIRINGS &&
      enabled.every(({ idle }) => idle) &&
      !held.pending.some(({ idle }) => !idle)
    );
  }

  /** Runs to the end of the schedule. */
  async run(): Promise<void> {
    const strategy = this.#strategy;
    if (strategy === null) return;
    while (!this.#stopped) {
      await quiet();
      this.recording.countOverlap();
      const enabled = this.enabled();
      if (
        enabled.length > 0 &&
        onlyTimeouts(enabled, virtualNowMs()) &&
        (await this.#changedBeforeTimeouts())
      )
        continue;
      if (enabled.length === 0) {
        if (this.allAnswered) break;
        const end = await this.standstill();
        if (end === null) continue;
        this.recording.status = end;
        break;
      }
      if (this.#taken >= this.#maxSteps) {
        this.recording.status = 'livelock';
        break;
      }
      this.take(strategy.pick(enabled, this.last), enabled);
    }
    this.recording.divergedAt = strategy.divergedAt ?? null;
  }

  /** Lets one step happen. */
  take(step: HeldStep, enabled: readonly HeldStep[]): void {
    const at = held.pending.indexOf(step);
    if (at < 0) return;
    held.pending.splice(at, 1);
    step.chain.busy = false;
    this.#taken++;
    held.taken++;
    this.#futile = step.idle ? this.#futile + 1 : 0;
    if (step.dueMs !== null) advanceTo(step.dueMs);
    if (step.kind === 'call') this.#begin(step);
    this.recording.taken(step, enabled, continuationOf(enabled, this.last));
    this.last = step.chain;
    clockRests();
    held.happenings++;
    step.go();
    native.setImmediate(() => this.recording.ranOut());
  }

  #begin(step: HeldStep): void {
    if (![...allLanes()].some(({ started, answered }) => started && !answered)) timePassesBetweenCalls();
    step.of.started = true;
  }

  /** All is answered, and what is left is only time passing. */
  #isAftermathOver(enabled: readonly HeldStep[]): boolean {
    if (!this.allAnswered) return false;
    this.#answeredAtMs ??= virtualNowMs();
    const end = this.#answeredAtMs + AFTERMATH_MS;
    return enabled.every(({ dueMs, idle }) => dueMs !== null && (idle || dueMs > end));
  }

  /** Whether something came while only time-outs were left. */
  async #changedBeforeTimeouts(): Promise<boolean> {
    const before = held.happenings;
    const until = native.performanceNow() + BEFORE_TIMEOUTS_MS;
    while (somethingIsActive() && held.happenings === before && native.performanceNow() < until)
      await pause(1);
    return held.happenings !== before;
  }

  /** Where nothing is held: whether all calls are answered before patience ends. */
  async answeredInTime(): Promise<boolean> {
    const until = native.performanceNow() + FREE_PATIENCE_MS;
    while (!this.allAnswered && !this.#stopped && native.performanceNow() < until) await pause(LOOK_EVERY_MS);
    return this.allAnswered;
  }

  /** Nothing can be taken and calls are unanswered: null when something came after all. */
  async standstill(): Promise<'deadlock' | 'timed-out' | null> {
    const before = held.happenings;
    const until = native.performanceNow() + STANDSTILL_MS;
    for (let calm = 0; native.performanceNow() < until;) {
      await pause(LOOK_EVERY_MS);
      if (held.happenings !== before || this.allAnswered) return null;
      calm = somethingIsActive() ? 0 : calm + 1;
      if (calm >= CALM_LOOKS) return 'deadlock';
    }
    return 'timed-out';
  }
}
