import type { WatchedServer } from '../config/config.ts';
import type { BullJob, BullPackage, BullQueue, BullWorker } from '../engine/peers.ts';
import type { NotedReason } from '../store/missed.ts';
import { connectionOptions, type RedisPulse } from '../engine/redis.ts';
import { offsetMs, schedulerIdOf } from './slots.ts';

const PREFIX = 'mettle-watch';
/** Job schedulers written at once. */
const AT_ONCE = 200;
/** A scheduler whose job is overdue by so much may have lost it: its process died at the wrong moment. */
const OVERDUE_MS = 400;
const SWEEP_MS = 500;
const SWEPT_AT_ONCE = 100;
/** A Redis that was away for longer was missed. */
const FORGOTTEN_MS = 5000;
/** Before a job for a server that is not known here is offered to the others again. */
const OFFER_AGAIN_MS = 200;
/** Those under way may end; Redis may be gone. */
const CLOSE_TIMEOUT_MS = 5000;
const GIVE_UP_MS = 1000;

export interface JobScheduleOptions {
  readonly servers: readonly WatchedServer[];
  readonly region: string;
  readonly concurrency: number;
  /** A process that is silent for so long has lost its jobs to the others. */
  readonly lockMs: number;
  /** Hears of slots for which there may be no job, both ends included: of a server, or of all. */
  readonly onMissed: (server: string | null, fromMs: number, toMs: number, reason: NotedReason) => void;
  /** Again where it was begun before, by a process that died or stopped. False when the watcher was stopped in the middle. */
  readonly take: (server: WatchedServer, slotMs: number, isAgain: boolean) => Promise<boolean>;
}

/** Hands out the slots of one region to its processes: a BullMQ job scheduler for each server, a worker for each process. */
export class JobSchedule {
  readonly #bull: BullPackage;
  readonly #pulse: RedisPulse;
  readonly #options: JobScheduleOptions;
  readonly #servers: ReadonlyMap<string, WatchedServer>;
  readonly #byId: ReadonlyMap<string, WatchedServer>;
  readonly #queue: BullQueue;
  readonly #worker: BullWorker;
  #sweeping: NodeJS.Timeout | null = null;
  #isSweeping = false;
  #isEnding = false;
  #begunMs = Infinity;

  constructor(bull: BullPackage, redisUrl: string, pulse: RedisPulse, options: JobScheduleOptions) {
    const connection = connectionOptions(redisUrl, () => this.#isEnding);
    this.#bull = bull;
    this.#pulse = pulse;
    this.#options = options;
    this.#servers = new Map(options.servers.map((server) => [server.name, server]));
    this.#byId = new Map(options.servers.map((server) => [schedulerIdOf(server.name), server]));
    this.#queue = new bull.Queue(options.region, {
      prefix: PREFIX,
      connection: { ...connection, enableOfflineQueue: false },
    });
    this.#worker = new bull.Worker(options.region, (job, token) => this.#work(job, token), {
      prefix: PREFIX,
      connection,
      autorun: false,
      concurrency: options.concurrency,
      lockDuration: options.lockMs,
      stalledInterval: options.lockMs / 2,
      // The look of a slot is taken again however often its process dies.
      maxStalledCount: 100,
    });
    // Whether Redis answers is found out and told elsewhere.
    for (const each of [this.#queue, this.#worker]) each.on('error', () => undefined);
  }

  async start(): Promise<void> {
    await this.#queue.waitUntilReady();
    await this.align();
    await this.#worker.waitUntilReady();
    this.#begunMs = Date.now();
    this.#worker.run().catch(() => undefined);
    this.#sweeping = setInterval(() => void this.#sweep(), SWEEP_MS);
  }

  async stop(): Promise<void> {
    if (this.#sweeping !== null) clearInterval(this.#sweeping);
    this.#isEnding = true;
    // Connections that are being made again come to their end first: BullMQ would wait for that for ever.
    const { isLost } = this.#pulse;
    if (isLost) await new Promise((resolve) => setTimeout(resolve, GIVE_UP_MS));
    const closed = this.#worker.close().then(() => this.#queue.close());
    const isClosed = await Promise.race([
      closed.then(
        () => true,
        () => false,
      ),
      new Promise<false>((resolve) =>
        setTimeout(() => resolve(false), isLost ? GIVE_UP_MS : CLOSE_TIMEOUT_MS).unref(),
      ),
    ]);
    if (isClosed) return;
    for (const each of [this.#worker, this.#queue]) each.disconnect().catch(() => undefined);
  }

  /** Makes the schedulers in Redis those of the configuration: it may be empty, or of an older one. */
  async align(): Promise<void> {
    const known = new Map((await this.#queue.getJobSchedulers(0, -1)).map((each) => [each.key, each]));
    const odd = [...known.keys()].filter((id) => !this.#byId.has(id));
    for (const id of odd) await this.#queue.removeJobScheduler(id);
    const missing = [...this.#byId].filter(([id, server]) => {
      const there = known.get(id);
      return (
        Number(there?.every) !== Math.round(server.intervalMs) ||
        Number(there?.offset) !== offsetMs(server, this.#options.region)
      );
    });
    for (let from = 0; from < missing.length; from += AT_ONCE)
      await Promise.all(missing.slice(from, from + AT_ONCE).map(([, server]) => this.#schedule(server)));
  }

  /** The slot of its next job. */
  async #schedule(server: WatchedServer): Promise<number> {
    const { id } = await this.#queue.upsertJobScheduler(
      schedulerIdOf(server.name),
      { every: Math.round(server.intervalMs), offset: offsetMs(server, this.#options.region) },
      {
        name: 'look',
        // Nothing but the name: the rest holds secrets, and every process knows it.
        data: { server: server.name },
        opts: { removeOnComplete: true, removeOnFail: true },
      },
    );
    return slotOf(id);
  }

  /** One sweep at a time; what it does not come to is left to the next, and to those of the others. */
  async #sweep(): Promise<void> {
    if (this.#isSweeping) return;
    this.#isSweeping = true;
    try {
      if ((await this.#pulse.client.zcard(this.#queue.toKey('repeat'))) === 0) await this.#mend();
      else await this.#remakeLost();
    } catch {
      // Whether Redis answers is found out and told elsewhere.
    } finally {
      this.#isSweeping = false;
    }
  }

  /** Redis was started anew, or emptied, too quickly to be missed: nobody would hand out anything any more. */
  async #mend(): Promise<void> {
    if (this.#byId.size === 0) return;
    const sinceMs = Date.now() - FORGOTTEN_MS;
    await this.align();
    this.#options.onMissed(null, sinceMs, Date.now(), 'redis-away');
  }

  /**
   * BullMQ makes the next job when one begins. A process that is killed between the two leaves a scheduler without a job until
   * the old one is found to have stalled; here the next is made in time. A job that still waits for a process with time for it is
   * left where it is: made again, it would lose its place to those behind it.
   */
  async #remakeLost(): Promise<void> {
    const { client } = this.#pulse;
    const repeat = this.#queue.toKey('repeat');
    const before = Date.now() - OVERDUE_MS;
    const overdue = await client.zrangebyscore(
      repeat,
      '-inf',
      before,
      'WITHSCORES',
      'LIMIT',
      0,
      SWEPT_AT_ONCE,
    );
    for (let i = 0; i + 1 < overdue.length; i += 2) {
      const [id = '', slot] = overdue.slice(i, i + 2);
      const server = this.#byId.get(id);
      if (server === undefined) continue;
      const slotMs = Number(slot);
      const [addedAt, begunAt] = await client.hmget(
        `${repeat}:${id}:${String(slotMs)}`,
        'timestamp',
        'processedOn',
      );
      if (addedAt !== null && begunAt === null) continue;
      const nextMs = await this.#schedule(server);
      if (nextMs - slotMs > server.intervalMs) this.#passOver(server, slotMs, nextMs - 1);
    }
  }

  async #work(job: BullJob, token: string | undefined): Promise<void> {
    const slotMs = slotOf(job.id);
    const server = this.#servers.get(job.data.server);
    // When a job begins, BullMQ makes the next one, for a slot to come: those that have passed by then are left out.
    const nowMs = Date.now();
    if (server !== undefined && nowMs - slotMs >= server.intervalMs) this.#passOver(server, slotMs, nowMs);
    const isAgain = (job.attemptsStarted ?? 1) > 1;
    if (server !== undefined && (await this.#options.take(server, slotMs, isAgain))) return;
    // One of a newer configuration knows it; or this process ends, and another is there.
    if (server === undefined && Date.now() - slotMs > 60_000) return;
    await job.moveToDelayed(Date.now() + (server === undefined ? OFFER_AGAIN_MS : 0), token);
    throw new this.#bull.DelayedError();
  }

  /** Before this process began, they are not for it to explain. */
  #passOver(server: WatchedServer, afterMs: number, toMs: number): void {
    const fromMs = Math.max(afterMs + 1, this.#begunMs);
    if (fromMs <= toMs) this.#options.onMissed(server.name, fromMs, toMs, 'overload');
  }
}

/** The last part of a job's name, which BullMQ gives it. */
function slotOf(id: string | undefined): number {
  return Number(id?.split(':').at(-1));
}
