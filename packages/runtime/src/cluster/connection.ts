import { peer } from './peers.ts';
import type { RedisClient, RedisConstructor } from './peers.ts';

/** What is told when Redis is lost and when it is back. */
export interface ClusterAlarm {
  readonly state: 'lost' | 'back';
  readonly message: string;
}

/** A command that takes longer than this means that Redis is lost: calls wait for it. */
const COMMAND_TIMEOUT_MS = 1000;
/** How often to look whether it is back, or gone without a word. */
const LOOK_EVERY_MS = 500;
/** Between attempts to connect again. */
const RECONNECT_MS = 200;

/** A connection that knows whether Redis answers, and wakes those who wait for news on a channel. */
export class Connection {
  readonly client: RedisClient;
  readonly #subscriber: RedisClient;
  readonly #onChange: (alarm: ClusterAlarm) => void;
  readonly #listeners = new Map<string, Set<(message: string) => void>>();
  #lookTimer: NodeJS.Timeout | undefined;
  #usable = false;

  private constructor(client: RedisClient, subscriber: RedisClient, onChange: (alarm: ClusterAlarm) => void) {
    this.client = client;
    this.#subscriber = subscriber;
    this.#onChange = onChange;
  }

  /** Connects; rejects when Redis cannot be reached at the start, for then the URL is most likely wrong. */
  static async open(url: string, onChange: (alarm: ClusterAlarm) => void): Promise<Connection> {
    const { Redis } = await peer<{ Redis: RedisConstructor }>('ioredis');
    const options = {
      lazyConnect: true,
      commandTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      retryStrategy: () => RECONNECT_MS,
    };
    const client = new Redis(url, options);
    const subscriber = new Redis(url, { ...options, enableOfflineQueue: true });
    const connection = new Connection(client, subscriber, onChange);
    // Without a listener each failed attempt to connect would be printed to the console.
    for (const each of [client, subscriber]) each.on('error', () => undefined);
    try {
      await Promise.all([client.connect(), subscriber.connect()]);
    } catch (error) {
      connection.close();
      throw error;
    }
    connection.#watch();
    return connection;
  }

  get usable(): boolean {
    return this.#usable;
  }

  /** Says that a command failed: whoever comes next need not find out again. */
  failed(): void {
    if (!this.#usable) return;
    this.#usable = false;
    this.#onChange({
      state: 'lost',
      message: 'Redis does not answer: limits are held by this process alone',
    });
  }

  /**
   * After a command failed: whether Redis really is lost. A process that stood still sees its own lateness as that of Redis,
   * and a limit left for that is a limit broken; so Redis is asked twice more.
   */
  async lost(): Promise<boolean> {
    for (let attempt = 0; attempt < 2; attempt++) {
      try {
        await this.client.ping();
        return false;
      } catch {
        // Asked again, or lost.
      }
    }
    this.failed();
    return true;
  }

  /** Calls back with each message until the returned function is called. */
  listen(channel: string, listener: (message: string) => void): () => void {
    let listeners = this.#listeners.get(channel);
    if (listeners === undefined) {
      this.#listeners.set(channel, (listeners = new Set()));
      this.#subscriber.subscribe(channel).catch(() => undefined);
    }
    listeners.add(listener);
    return () => void listeners.delete(listener);
  }

  /** Tells all replicas; a lost message only costs time, everyone also looks by itself. */
  tell(channel: string, message: string): void {
    this.client.publish(channel, message).catch(() => undefined);
  }

  close(): void {
    this.#usable = false;
    clearInterval(this.#lookTimer);
    this.client.disconnect();
    this.#subscriber.disconnect();
  }

  #watch(): void {
    this.#usable = true;
    this.#subscriber.on('message', (channel: string, message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(message);
    });
    this.client.on('close', () => this.failed());
    this.#lookTimer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  async #look(): Promise<void> {
    if (await this.lost()) return;
    if (this.#usable) return;
    this.#usable = true;
    this.#onChange({ state: 'back', message: 'Redis answers again: limits are shared again' });
  }
}
