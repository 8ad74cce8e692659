import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { peer, type PgPackage } from '../../../src/watch/engine/peers.ts';

/** A Postgres of the caller's own. */
export interface TestPostgres {
  /** A new, empty database in it. */
  database(): Promise<string>;
  /** Ends it as a power cut would; what was committed stays. */
  kill(): Promise<void>;
  /** Starts it again, at the same address. */
  start(): Promise<void>;
  /** Ends it and leaves nothing behind. */
  remove(): Promise<void>;
}

const BINARIES = binaries();

/** Why tests that need Postgres are skipped; null when they are not. */
export const noPostgres: string | null = BINARIES === null ? 'postgres is not installed' : null;

/** Debian keeps the programs of the server out of the path. */
function binaries(): string | null {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...path()];
  return (
    folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name)))) ?? null
  );
}
function path(): readonly string[] {
  return (process.env['PATH'] ?? '').split(':').filter((folder) => folder !== '');
}

/** Postgres refuses to run as root: then it runs as nobody. */
function somebody(): { readonly uid?: number; readonly gid?: number } {
  if (userInfo().uid !== 0) return {};
  const idOf = (flag: string): number => Number(spawnSync('id', [flag, 'nobody']).stdout.toString());
  return { uid: idOf('-u'), gid: idOf('-g') };
}

export async function startPostgres(): Promise<TestPostgres> {
  const folder = mkdtempSync(join(tmpdir(), 'mettle-postgres-'));
  const who = somebody();
  if (who.uid !== undefined && who.gid !== undefined) chownSync(folder, who.uid, who.gid);
  const data = join(folder, 'data');
  const made = spawnSync(
    join(BINARIES ?? '', 'initdb'),
    ['-D', data, '-U', 'mettle', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...who, cwd: folder, encoding: 'utf8', env: { PATH: process.env['PATH'], TZ: 'UTC' } },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const urlOf = (database: string): string => `postgres://mettle@127.0.0.1:${String(port)}/${database}`;
  let child: ChildProcess | null = null;
  let databases = 0;
  const postgres: TestPostgres = {
    async start() {
      const words = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', '-c', 'fsync=off'];
      child = spawn(join(BINARIES ?? '', 'postgres'), words, { ...who, cwd: folder, stdio: 'ignore' });
      while (!(await answers(urlOf('postgres'))))
        if (child.exitCode !== null) throw new Error(`postgres ended with ${String(child.exitCode)}`);
    },
    async kill() {
      const running = child;
      if (running === null) return;
      child = null;
      const ended = once(running, 'exit');
      // Its children notice, too, and leave.
      running.kill('SIGQUIT');
      await ended;
    },
    async database() {
      databases += 1;
      const name = `test_${String(databases)}`;
      await query(urlOf('postgres'), `CREATE DATABASE ${name}`);
      return urlOf(name);
    },
    async remove() {
      await postgres.kill();
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    },
  };
  await postgres.start();
  return postgres;
}

/** The rows of one statement. */
export async function query(url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const { Pool } = await peer<PgPackage>('pg');
  const pool = new Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 30_000 });
  pool.on('error', () => undefined);
  try {
    return (await pool.query(sql)).rows;
  } finally {
    await pool.end();
  }
}

async function answers(url: string): Promise<boolean> {
  try {
    await query(url, 'SELECT 1');
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
