import { setTimeout as wait } from 'node:timers/promises';
import { peer } from './peers.ts';
import type { RedisClient, RedisConstructor } from './peers.ts';
import { Places } from './places.ts';

/** What is told when Redis is lost and when it is back. */
export interface ClusterAlarm {
  readonly state: 'lost' | 'back';
  readonly message: string;
}

/**
 * `shared`: Redis has the say. `unsure`: the connection broke; nobody is let in until it is known why. `alone`: Redis does
 * not answer. `settling`: it answers again, may have forgotten everything, and is told who holds what.
 */
export type ClusterState = 'shared' | 'unsure' | 'alone' | 'settling';

/** A command that takes longer than this has failed. */
const COMMAND_TIMEOUT_MS = 1000;
/** Redis is lost when it has not answered for so long: a connection that broke is back within a fraction of that. */
const LOST_AFTER_MS = 1500;
/** How often to look whether it is back, or gone without a word. */
const LOOK_EVERY_MS = 500;
/** Between attempts to connect again. */
const RECONNECT_MS = 100;
/** Long enough for every replica to have found out that Redis is back, and to have said what it holds. */
const SETTLE_MS = 2500;

/** All limits and locks of this process. */
export interface Holders {
  adapt(state: ClusterState): void;
  /** Tells Redis of all who run; rejects when it did not hear. */
  say(): Promise<unknown>;
}

/** A connection that knows whether Redis answers, and wakes those who wait for news on a channel. */
export class Connection {
  readonly places: Places;
  readonly client: RedisClient;
  readonly #subscriber: RedisClient;
  readonly #holders: Holders;
  readonly #listeners = new Map<string, Set<(message: string) => void>>();
  #lookTimer: NodeJS.Timeout | undefined;
  #state: ClusterState = 'alone';
  #settledAt = 0;
  /** Which run of Redis it is: one that started anew has forgotten all places. */
  #runId: string | undefined;
  #asking: Promise<boolean> | undefined;
  #closed = false;

  private constructor(client: RedisClient, subscriber: RedisClient, prefix: string, holders: Holders) {
    this.client = client;
    this.#subscriber = subscriber;
    this.#holders = holders;
    this.places = Places.open(client, prefix, (channel, listener) => this.listen(channel, listener));
  }

  /** Connects; rejects when Redis cannot be reached at the start, for then the URL is most likely wrong. */
  static async open(url: string, prefix: string, holders: Holders): Promise<Connection> {
    const { Redis } = await peer<{ Redis: RedisConstructor }>('ioredis');
    const options = {
      lazyConnect: true,
      commandTimeout: COMMAND_TIMEOUT_MS,
      maxRetriesPerRequest: 0,
      enableOfflineQueue: false,
      // What was on its way when a connection broke may have been done: whoever sent it decides.
      autoResendUnfulfilledCommands: false,
      retryStrategy: () => RECONNECT_MS,
    };
    const client = new Redis(url, options);
    const subscriber = new Redis(url, { ...options, enableOfflineQueue: true });
    // Without a listener each failed attempt to connect would be printed to the console.
    for (const each of [client, subscriber]) each.on('error', () => undefined);
    const connecting = Promise.all([client.connect(), subscriber.connect()]);
    const connection = new Connection(client, subscriber, prefix, holders);
    try {
      await connecting;
      connection.#runId = runIdIn(await client.info('server'));
      await connection.places.probe();
    } catch (error) {
      connection.close();
      throw error;
    }
    connection.#watch();
    return connection;
  }

  get state(): ClusterState {
    return this.#state;
  }

  /**
   * After a command failed: whether Redis really is lost. A connection that broke comes back, and a process that stood
   * still sees its own lateness as that of Redis; a limit left for either would be a limit broken. So Redis is asked
   * again, for a while.
   */
  async lost(): Promise<boolean> {
    if (this.#state === 'alone') return true;
    this.#asking ??= this.#askAgain().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
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

  /** Waits until Redis has heard all that was said to it. */
  async flush(): Promise<void> {
    if (this.#state === 'shared') await this.#answer();
  }

  close(): void {
    this.#closed = true;
    this.#state = 'alone';
    clearInterval(this.#lookTimer);
    this.client.disconnect();
    this.#subscriber.disconnect();
  }

  async #askAgain(): Promise<boolean> {
    const until = performance.now() + LOST_AFTER_MS;
    do {
      // Each attempt has its full time from now on, however long this process stood still before.
      if (await this.#answers()) return false;
      await wait(RECONNECT_MS / 2);
    } while (performance.now() < until && !this.#closed);
    this.#become('alone');
    return true;
  }

  /** Whether Redis answers; draws the conclusions. */
  async #answers(): Promise<boolean> {
    const runId = await this.#answer();
    // A client that connects is answered this one question before it may ask others.
    if (runId === undefined || this.client.status !== 'ready') return false;
    const forgot = runId !== this.#runId;
    this.#runId = runId;
    if (forgot || this.#state === 'alone') {
      this.#settledAt = performance.now() + SETTLE_MS;
      this.#become('settling');
    } else if (this.#state === 'unsure') this.#become('shared');
    return true;
  }

  /** The name of the run of Redis that answers. */
  async #answer(): Promise<string | undefined> {
    try {
      return runIdIn(await this.client.info('server'));
    } catch {
      return undefined;
    }
  }

  #watch(): void {
    this.#state = 'shared';
    this.#subscriber.on('message', (channel: string, message: string) => {
      for (const listener of this.#listeners.get(channel) ?? []) listener(message);
    });
    this.client.on('close', () => {
      if (this.#state === 'shared') this.#become('unsure');
      void this.lost();
    });
    this.#lookTimer = setInterval(() => void this.#look(), LOOK_EVERY_MS).unref();
  }

  async #look(): Promise<void> {
    if (!(await this.#answers())) return void (await this.lost());
    if (this.#state !== 'settling') return;
    try {
      await this.#holders.say();
    } catch {
      // Said again at the next look; nobody is let in before it was heard.
      return;
    }
    if (performance.now() >= this.#settledAt) this.#become('shared');
  }

  #become(state: ClusterState): void {
    if (this.#state === state || this.#closed) return;
    this.#state = state;
    this.#holders.adapt(state);
  }
}

function runIdIn(info: string): string {
  return /^run_id:(\S+)/m.exec(info)?.[1] ?? '';
}
