import { UsageError } from '../../../evidence/index.ts';
import type { PgClient, PgPackage, PgPool, PgResult } from '../../engine/peers.ts';
import { SCHEMA } from './schema.ts';

/** The writer, the page, the outbox and the sign of life may each want one at once. */
const CONNECTIONS = 6;
const CONNECT_TIMEOUT_MS = 5000;
/** A connection is a process of Postgres' own: on a busy machine a new one takes longer than what it is wanted for. */
const IDLE_MS = 300_000;
/** A statement that takes longer has failed: a database that stands still must not stop the looks. */
const QUERY_TIMEOUT_MS = 10_000;

/** The database is out of reach or not ready; the same may work later. */
export class Outage extends Error {}

/** Postgres, by a pool that comes back by itself. */
export class Postgres {
  readonly #pool: PgPool;
  readonly #where: string;

  /** Rejects with UsageError when it cannot be reached, or lets us make no tables. */
  static async open(url: string, pg: PgPackage): Promise<Postgres> {
    const postgres = new Postgres(url, pg);
    try {
      await postgres.transaction((client) => client.query(SCHEMA));
    } catch (error) {
      await postgres.close();
      const why = error instanceof Error ? error.message : String(error);
      throw new UsageError(`engine.postgres: ${why.replace(/\.$/, '')}.`);
    }
    return postgres;
  }

  private constructor(url: string, { Pool }: PgPackage) {
    this.#where = placeOf(url, '5432');
    this.#pool = new Pool({
      connectionString: url,
      max: CONNECTIONS,
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      idleTimeoutMillis: IDLE_MS,
      query_timeout: QUERY_TIMEOUT_MS,
      statement_timeout: QUERY_TIMEOUT_MS,
      keepAlive: true,
      application_name: 'mettle watch',
    });
    // A connection that breaks while nobody uses it is no news: whoever needs one next finds out.
    this.#pool.on('error', () => undefined);
    // Of one that somebody holds without a question under way the pool says nothing, and Node.js would end the process.
    this.#pool.on('connect', (client) => client.on('error', () => undefined));
  }

  /** Rejects with Outage when the database is out of reach. */
  async query(sql: string, values: readonly unknown[] = []): Promise<PgResult> {
    try {
      return await this.#pool.query(sql, values);
    } catch (error) {
      throw this.#translated(error);
    }
  }

  /** All that the action writes, or nothing. Rejects with Outage when the database is out of reach. */
  async transaction<T>(action: (client: PgClient) => Promise<T>): Promise<T> {
    let client: PgClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw this.#translated(error);
    }
    try {
      await client.query('BEGIN');
      const result = await action(client);
      await client.query('COMMIT');
      client.release();
      return result;
    } catch (error) {
      // With the connection goes whatever it had begun.
      client.release(true);
      throw this.#translated(error);
    }
  }

  async close(): Promise<void> {
    await this.#pool.end();
  }

  #translated(error: unknown): Error {
    const known = error instanceof Error ? error : new Error(String(error));
    if (known instanceof Outage || !isOutage(known)) return known;
    const code = 'code' in known && typeof known.code === 'string' ? known.code : known.message;
    return new Outage(`Postgres at ${this.#where} does not answer (${code})`);
  }
}

/** Host and port, or the folder of its socket: of a URL nothing else is ever shown. */
export function placeOf(url: string, usualPort: string): string {
  const { hostname, port, searchParams } = new URL(url);
  const host = searchParams.get('host') ?? (hostname === '' ? 'localhost' : hostname);
  return `${host}:${port === '' ? usualPort : port}`;
}

/**
 * SQLSTATE classes of what passes: connection, resources, operator intervention (shutting down, starting), system; a
 * transaction that lost against another; a replica that is to become the primary. And whatever the network says.
 */
const PASSING = /^(08|53|57P|58|40001$|40P01$|25006$)/;

function isOutage(error: Error): boolean {
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  if (/^[0-9A-Z]{5}$/.test(code)) return PASSING.test(code);
  return (
    /^E[A-Z_]+$/.test(code) ||
    /timeout|terminated|Connection|not queryable/i.test(error.message) ||
    error instanceof AggregateError
  );
}
