import { UsageError } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { placeOf } from '../store/postgres/connection.ts';
import type { RedisClient, RedisPackage } from './peers.ts';

const ASK_EVERY_MS = 500;
const ANSWER_TIMEOUT_MS = 1000;
/** Two questions without an answer: one may fall into a pause of either side. */
const LOST_AFTER_MS = 2000;
const RECONNECT_MS = 300;
const CONNECT_TIMEOUT_MS = 3000;

export interface RedisNews {
  /** When it last answered, by the wall clock. */
  readonly onLost: (lastAnswerMs: number) => void;
  readonly onBack: () => void;
}

/** What BullMQ needs to connect; it takes no URL. Once it is ending, a connection that is lost is not made again. */
export function connectionOptions(url: string, isEnding: () => boolean): object {
  const { hostname, port, username, password, pathname, protocol } = new URL(url);
  return {
    host: hostname === '' ? 'localhost' : hostname.replace(/^\[|\]$/g, ''),
    port: Number(port === '' ? 6379 : port),
    db: Number(pathname.slice(1)),
    ...(username === '' ? {} : { username: decodeURIComponent(username) }),
    ...(password === '' ? {} : { password: decodeURIComponent(password) }),
    ...(protocol === 'rediss:' ? { tls: {} } : {}),
    maxRetriesPerRequest: null,
    keepAlive: 10_000,
    connectTimeout: CONNECT_TIMEOUT_MS,
    // BullMQ would wait longer and longer, up to 20 s.
    retryStrategy: () => (isEnding() ? null : RECONNECT_MS),
  };
}

/**
 * In a cluster the keys of one queue lie on many nodes, and a sentinel holds none: without this, each look would fail with an error
 * of Redis' own. Who may not ask is taken at its word.
 */
async function modeOf(client: RedisClient): Promise<'standalone' | 'sentinel' | 'cluster'> {
  const info = await client.info('server').catch(() => '');
  const mode = /^(?:redis|server)_mode:(\w+)/m.exec(info)?.[1];
  return mode === 'cluster' || mode === 'sentinel' ? mode : 'standalone';
}

/** Knows whether Redis answers. */
export class RedisPulse {
  readonly client: RedisClient;
  readonly place: string;
  #lastAnswerAt = monotonicMs();
  #lastAnswerMs: number = Date.now();
  #isLost = false;
  #timer: NodeJS.Timeout | null = null;
  #asking = false;

  /** Rejects with UsageError when it cannot be reached. */
  static async open(url: string, { Redis }: RedisPackage): Promise<RedisPulse> {
    const client = new Redis(url, {
      lazyConnect: true,
      commandTimeout: ANSWER_TIMEOUT_MS,
      connectTimeout: CONNECT_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      retryStrategy: () => RECONNECT_MS,
    });
    let why = '';
    client.on('error', ({ message }) => (why = message));
    const pulse = new RedisPulse(client, placeOf(url, '6379'));
    try {
      await client.connect();
      await client.ping();
      const mode = await modeOf(client);
      if (mode !== 'standalone')
        throw new UsageError(
          `engine.redis: ${pulse.place} is ${mode === 'sentinel' ? 'a Redis Sentinel' : 'of a Redis Cluster'}, which is not supported: give the address of one Redis or Valkey of its own.`,
        );
    } catch (error) {
      client.disconnect();
      if (error instanceof UsageError) throw error;
      const said = why === '' && error instanceof Error ? error.message : why;
      throw new UsageError(
        `engine.redis: Redis at ${pulse.place} does not answer (${said.replace(/\.$/, '')}).`,
      );
    }
    return pulse;
  }

  private constructor(client: RedisClient, place: string) {
    this.client = client;
    this.place = place;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  start(news: RedisNews): void {
    this.#lastAnswerAt = monotonicMs();
    this.#timer = setInterval(() => void this.#ask(news), ASK_EVERY_MS);
  }

  close(): void {
    if (this.#timer !== null) clearInterval(this.#timer);
    this.client.disconnect();
  }

  async #ask(news: RedisNews): Promise<void> {
    if (this.#asking) return;
    this.#asking = true;
    try {
      await this.client.ping();
      this.#lastAnswerAt = monotonicMs();
      this.#lastAnswerMs = Date.now();
      if (this.#isLost) {
        this.#isLost = false;
        news.onBack();
      }
    } catch {
      if (!this.#isLost && monotonicMs() - this.#lastAnswerAt > LOST_AFTER_MS) {
        this.#isLost = true;
        news.onLost(this.#lastAnswerMs);
      }
    } finally {
      this.#asking = false;
    }
  }
}
