import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { EngineConfig, WatchConfig } from '../config/config.ts';
import { SharedBeat } from '../schedule/shared-beat.ts';
import { Outage, Postgres } from '../store/postgres/connection.ts';
import { PostgresHistory } from '../store/postgres/history.ts';
import { Presence } from '../store/postgres/presence.ts';
import type { Beat, BeatTerms, Engine } from './engine.ts';
import { peer, type BullPackage, type PgPackage, type RedisPackage } from './peers.ts';
import { RedisPulse } from './redis.ts';

/** How long a process may be silent until the others take over: within the shortest interval, but no sooner than a busy machine needs. */
const SHORTEST_LEASE_MS = 3000;
const LONGEST_LEASE_MS = 15_000;
const FOLLOW_MS = 1000;
/** Each transaction is seven questions and answers; a few looks share one. */
const GATHER_MS = 100;

interface Parts {
  readonly bull: BullPackage;
  readonly pulse: RedisPulse;
  readonly presence: Presence;
  readonly history: PostgresHistory;
}

/** One of many processes: Redis hands out the looks, Postgres remembers. */
export class DistributedEngine implements Engine {
  readonly region: string;
  // Its job is held until it is kept: killed meanwhile, the slot is taken again.
  readonly gatherMs: number = GATHER_MS;
  readonly history: PostgresHistory;
  readonly #config: WatchConfig;
  readonly #redisUrl: string;
  readonly #parts: Parts;
  readonly #complain: (sentence: string) => void;

  /** Rejects with UsageError when a package is missing, or Redis or Postgres cannot be reached. */
  static async open(
    config: WatchConfig,
    engine: EngineConfig,
    complain: (sentence: string) => void,
  ): Promise<DistributedEngine> {
    const [bull, redis, pg] = await Promise.all([
      peer<BullPackage>('bullmq'),
      peer<RedisPackage>('ioredis'),
      peer<PgPackage>('pg'),
    ]);
    const pulse = await RedisPulse.open(engine.redis, redis);
    let postgres: Postgres | null = null;
    try {
      postgres = await Postgres.open(engine.postgres, pg);
      const self = {
        id: `${hostname()}-${String(process.pid)}-${randomUUID().slice(0, 8)}`,
        region: engine.region,
      };
      const shortestMs = Math.min(...config.servers.map(({ intervalMs }) => intervalMs));
      const leaseMs = Math.min(LONGEST_LEASE_MS, Math.max(SHORTEST_LEASE_MS, shortestMs));
      const presence = new Presence(postgres, self, leaseMs);
      await presence.start();
      const history = new PostgresHistory(postgres, presence, {
        quorum: engine.quorum,
        channels: config.channels.length,
      });
      return new DistributedEngine(config, engine, { bull, pulse, presence, history }, complain);
    } catch (error) {
      pulse.close();
      await postgres?.close();
      throw error;
    }
  }

  private constructor(
    config: WatchConfig,
    { region, redis }: EngineConfig,
    parts: Parts,
    complain: (sentence: string) => void,
  ) {
    this.region = region;
    this.history = parts.history;
    this.#config = config;
    this.#redisUrl = redis;
    this.#parts = parts;
    this.#complain = complain;
  }

  isPassing(error: unknown): boolean {
    return error instanceof Outage;
  }

  follow(hear: (server: string) => void): () => void {
    let kept: number | null = null;
    let asking = false;
    const ask = async (): Promise<void> => {
      if (asking) return;
      asking = true;
      try {
        const seen = await this.history.seenSince(kept);
        ({ kept } = seen);
        for (const server of seen.servers) hear(server);
      } catch {
        // What was missed meanwhile is shown with the next look.
      } finally {
        asking = false;
      }
    };
    const timer = setInterval(() => void ask(), FOLLOW_MS);
    return () => clearInterval(timer);
  }

  beat(terms: BeatTerms): Beat {
    const { bull, pulse, presence, history } = this.#parts;
    const { servers, concurrency } = this.#config;
    return new SharedBeat(bull, this.#redisUrl, pulse, history, presence, {
      servers,
      region: this.region,
      concurrency,
      leaseMs: presence.leaseMs,
      ...terms,
      complain: this.#complain,
    });
  }

  async close(): Promise<void> {
    this.#parts.pulse.close();
    await this.history.close();
  }
}
