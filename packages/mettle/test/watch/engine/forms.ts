import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, onTestFinished } from 'vitest';
import type { WatchConfig, WatchedServer } from '../../../src/watch/config/config.ts';
import { noPostgres, startPostgres, type TestPostgres } from './postgres.mjs';

/** A Redis of the tests' own, as those of the runtime's cluster have it. */
export interface TestRedis {
  readonly url: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again, empty, at the same address. */
  start(): Promise<void>;
  remove(): Promise<void>;
}
const { startRedis, whyNot: noRedis } = (await import(
  new URL('../../../../runtime/test/cluster/redis.js', import.meta.url).href
)) as { readonly startRedis: () => Promise<TestRedis>; readonly whyNot: string | undefined };

/** Where a watcher keeps what it saw, and who hands out its looks; each call gives one that nobody used yet. */
export type Ground = () => Promise<Pick<WatchConfig, 'store' | 'engine'>>;

/** Why tests of many processes are skipped; null when they are not. */
const whyNotShared: string | null = [noRedis ?? [], noPostgres ?? []].flat().join('; ') || null;

/** Describes the same behaviour of both forms of the watcher. */
export function describeBothForms(what: string, tests: (ground: Ground) => void): void {
  describe(`${what}, in one process with a file`, { timeout: 30_000 }, () => {
    tests(embedded);
  });
  describeShared(`${what}, on Redis and Postgres`, (databases) =>
    tests(async () => ({
      store: '/nowhere',
      engine: {
        redis: databases.redis.url,
        postgres: await databases.postgres.database(),
        // The looks of each region are handed out by themselves.
        region: `r${String(process.pid)}-${String((regions += 1))}`,
        quorum: null,
      },
    })),
  );
}
let regions = 0;

export interface Databases {
  readonly redis: TestRedis;
  readonly postgres: TestPostgres;
}

/** Tests on a Redis and a Postgres of their own, skipped where those are not installed. */
export function describeShared(what: string, tests: (databases: Databases) => void): void {
  const reason = whyNotShared === null ? '' : ` (skipped: ${whyNotShared})`;
  describe.skipIf(whyNotShared !== null)(`${what}${reason}`, { timeout: 120_000 }, () => {
    const databases: { redis: TestRedis | null; postgres: TestPostgres | null } = {
      redis: null,
      postgres: null,
    };
    beforeAll(async () => {
      [databases.redis, databases.postgres] = await Promise.all([startRedis(), startPostgres()]);
    });
    afterAll(async () => {
      await Promise.all([databases.redis?.remove(), databases.postgres?.remove()]);
    });
    tests({
      get redis() {
        if (databases.redis === null) throw new Error('Redis has not been started');
        return databases.redis;
      },
      get postgres() {
        if (databases.postgres === null) throw new Error('Postgres has not been started');
        return databases.postgres;
      },
    });
  });
}

async function embedded(): Promise<Pick<WatchConfig, 'store' | 'engine'>> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return { store: join(folder, 'w.db'), engine: null };
}

/** A server as the configuration would have it, looked at often. */
export function watched(
  name: string,
  url = 'http://127.0.0.1:1/mcp',
  more: Partial<WatchedServer> = {},
  headers: Readonly<Record<string, string>> = {},
): WatchedServer {
  const spec = { kind: 'http' as const, url, headers, command: null, env: {}, cwd: '/' };
  return {
    name,
    spec,
    target: { name, spec },
    intervalMs: 50,
    timeoutMs: 2000,
    call: null,
    failures: 2,
    recoveries: 1,
    latencyBudgetMs: null,
    certificateDays: null,
    inside: null,
    ...more,
  };
}

export function configOf(
  ground: Pick<WatchConfig, 'store' | 'engine'>,
  servers: readonly WatchedServer[],
  more: Partial<WatchConfig> = {},
): WatchConfig {
  return {
    servers,
    retentionDays: 30,
    concurrency: 10,
    jitter: 0,
    page: null,
    channels: [],
    ...ground,
    ...more,
  };
}

export async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
