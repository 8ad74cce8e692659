import type { WatchedServer } from '../config/config.ts';
import type { Beat, BeatTerms, TakenOnce } from '../engine/engine.ts';
import type { BullPackage } from '../engine/peers.ts';
import type { RedisPulse } from '../engine/redis.ts';
import type { PostgresHistory } from '../store/postgres/history.ts';
import type { Presence } from '../store/postgres/presence.ts';
import type { NotedReason } from '../store/missed.ts';
import { JobSchedule } from './job-schedule.ts';
import { SlotSchedule } from './slot-schedule.ts';
import { ownerOf } from './slots.ts';

/** Later than this a look from before Redis was there may have been taken by somebody else: the history is asked first. */
const SUSPECT_MS = 1000;
/** Slots of one server that are remembered here. */
const SLOTS_KEPT = 4;
/** When Redis is lost, slots from that long before its last answer may not have been handed out. */
const BEFORE_LOSS_MS = 1000;

export interface SharedBeatOptions extends BeatTerms {
  readonly servers: readonly WatchedServer[];
  readonly region: string;
  readonly concurrency: number;
  readonly leaseMs: number;
  readonly complain: (sentence: string) => void;
}

/**
 * Takes the slots that Redis hands to this process. While Redis does not answer, the processes of a region share its servers
 * by what Postgres last said of who is alive.
 */
export class SharedBeat implements Beat {
  readonly #pulse: RedisPulse;
  readonly #history: PostgresHistory;
  readonly #options: SharedBeatOptions;
  readonly #jobs: JobSchedule;
  readonly #alone: SlotSchedule<WatchedServer>;
  readonly #slots: Map<string, number[]> = new Map();
  readonly #underWay: Map<string, { readonly slotMs: number; readonly ended: Promise<unknown> }> = new Map();
  /** The last look of each server, and when it ended. */
  readonly #last: Map<string, { readonly slotMs: number; readonly endedMs: number }> = new Map();
  /** Ends the wait of those jobs whose look is not kept yet. */
  readonly #held: Set<() => void> = new Set();
  #isStopped = false;
  /** Since then Redis hands out the looks here, each once while nobody dies. */
  #redisSinceMs = Infinity;

  constructor(
    bull: BullPackage,
    redisUrl: string,
    pulse: RedisPulse,
    history: PostgresHistory,
    presence: Presence,
    options: SharedBeatOptions,
  ) {
    this.#pulse = pulse;
    this.#history = history;
    this.#options = options;
    const { servers, region, concurrency, leaseMs } = options;
    this.#jobs = new JobSchedule(bull, redisUrl, pulse, {
      servers,
      region,
      concurrency,
      lockMs: leaseMs,
      onMissed: (server, fromMs, toMs, reason) => this.#note(server, fromMs, toMs, reason),
      take: (server, slotMs, isAgain) => this.#take(server, slotMs, isAgain),
    });
    this.#alone = new SlotSchedule(servers, {
      region,
      concurrency,
      isMine: ({ name }) => {
        const here = presence.probers.filter((each) => each.region === region).map(({ id }) => id);
        return ownerOf(name, here) === presence.self.id;
      },
      onMissed: ({ name }, fromMs, toMs) => this.#note(name, fromMs, toMs, 'overload'),
      take: (server, slotMs) => this.#take(server, slotMs, true),
    });
  }

  async start(): Promise<void> {
    await this.#jobs.start();
    this.#redisSinceMs = Date.now();
    const { complain, region } = this.#options;
    this.#pulse.start({
      onLost: (lastAnswerMs) => {
        if (this.#isStopped) return;
        this.#note(null, lastAnswerMs - BEFORE_LOSS_MS, Date.now(), 'redis-away');
        complain(
          `Redis at ${this.#pulse.place} does not answer; the looks of region ${region} are shared out by each process itself`,
        );
        this.#alone.start(lastAnswerMs - BEFORE_LOSS_MS);
      },
      onBack: () => void this.#back(),
    });
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    for (const free of this.#held) free();
    await Promise.all([this.#jobs.stop(), this.#alone.stop()]);
  }

  #note(server: string | null, fromMs: number, toMs: number, reason: NotedReason): void {
    this.#options.onMissed({ server, region: this.#options.region, fromMs, toMs, reason });
  }

  /** Redis may have forgotten everything. */
  async #back(): Promise<void> {
    // Each process finds out by itself: what one leaves to Redis already, another may not.
    const sinceMs = Date.now() - BEFORE_LOSS_MS;
    try {
      await this.#jobs.align();
    } catch {
      // Gone again, or not ready yet: the next answer brings us back here.
      if (!this.#isStopped && !this.#pulse.isLost) setTimeout(() => void this.#back(), SUSPECT_MS);
      return;
    }
    if (this.#pulse.isLost) return;
    this.#alone.handOver();
    this.#redisSinceMs = Date.now();
    this.#note(null, sinceMs, Date.now(), 'redis-away');
    this.#options.complain('Redis answers again; it hands out the looks');
  }

  /** False when the watcher was stopped in the middle. */
  async #take(server: WatchedServer, slotMs: number, isSuspect: boolean): Promise<boolean> {
    const slots = this.#slots.get(server.name) ?? [];
    this.#slots.set(server.name, slots);
    if (slots.includes(slotMs)) return true;
    slots.push(slotMs);
    if (slots.length > SLOTS_KEPT) slots.shift();
    const other = this.#underWay.get(server.name);
    // A look that lasts longer than the interval skips slots; one that a dead process left behind waits its turn.
    const last = this.#last.get(server.name);
    if (
      (other !== undefined && slotMs > other.slotMs) ||
      (last !== undefined && slotMs > last.slotMs && slotMs <= last.endedMs)
    ) {
      this.#note(server.name, slotMs, slotMs, 'long-look');
      return true;
    }
    await other?.ended;
    const taking = this.#takeOne(server, slotMs, isSuspect);
    const underWay = { slotMs, ended: taking };
    this.#underWay.set(server.name, underWay);
    const taken = await taking;
    if (this.#underWay.get(server.name) === underWay) this.#underWay.delete(server.name);
    if (slotMs > (last?.slotMs ?? 0)) this.#last.set(server.name, { slotMs, endedMs: Date.now() });
    if (taken === null) slots.splice(slots.indexOf(slotMs), 1);
    if (taken !== null) await this.#hold(taken.kept);
    return taken !== null;
  }

  /**
   * Until a look is kept, its job stays with this process: if that is killed, somebody takes the slot again. A history that is
   * away for long must not stop the looks, so none is held for longer than a lease, and never half of those allowed at once.
   */
  async #hold(kept: Promise<void>): Promise<void> {
    const { concurrency, leaseMs } = this.#options;
    if (this.#isStopped || this.#held.size >= concurrency / 2) return;
    await new Promise<void>((resolve) => {
      const free = (): void => {
        clearTimeout(timer);
        this.#held.delete(free);
        resolve();
      };
      const timer = setTimeout(free, leaseMs);
      this.#held.add(free);
      void kept.then(free);
    });
  }

  async #takeOne(server: WatchedServer, slotMs: number, isSuspect: boolean): Promise<TakenOnce | null> {
    const { region, look, onStart } = this.#options;
    const latenessMs = Date.now() - slotMs;
    if (isSuspect || (latenessMs > SUSPECT_MS && slotMs <= this.#redisSinceMs)) {
      // When the history does not answer either, rather twice than not at all: it will keep one of the two.
      const isKept = await this.#history.isKept(server.name, region, slotMs).catch(() => false);
      if (isKept) return { kept: Promise.resolve() };
    }
    onStart(Math.max(0, latenessMs));
    return look(server, slotMs);
  }
}
