import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';

const BINARIES = binaries();

export const noPostgres = BINARIES === null ? 'postgres is not installed' : null;

/** Debian keeps the programs of the server out of the path. */
function binaries() {
  const debian = '/usr/lib/postgresql';
  const versions = existsSync(debian) ? readdirSync(debian).toSorted((a, b) => Number(b) - Number(a)) : [];
  const path = (process.env.PATH ?? '').split(':').filter((folder) => folder !== '');
  const folders = [...versions.map((version) => join(debian, version, 'bin')), ...path];
  return (
    folders.find((folder) => ['initdb', 'postgres'].every((name) => existsSync(join(folder, name)))) ?? null
  );
}

/** Postgres refuses to run as root: then it runs as nobody. */
function somebody() {
  if (userInfo().uid !== 0) return {};
  const idOf = (flag) => Number(spawnSync('id', [flag, 'nobody']).stdout.toString());
  return { uid: idOf('-u'), gid: idOf('-g') };
}

export async function startPostgres() {
  const folder = mkdtempSync(join(tmpdir(), 'mettle-postgres-'));
  const who = somebody();
  if (who.uid !== undefined && who.gid !== undefined) chownSync(folder, who.uid, who.gid);
  const data = join(folder, 'data');
  const made = spawnSync(
    join(BINARIES ?? '', 'initdb'),
    ['-D', data, '-U', 'mettle', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...who, cwd: folder, encoding: 'utf8', env: { PATH: process.env.PATH, TZ: 'UTC' } },
  );
  if (made.status !== 0) throw new Error(`initdb: ${made.stderr}`);
  const port = await freePort();
  const urlOf = (database) => `postgres://mettle@127.0.0.1:${port}/${database}`;
  let child = null;
  let databases = 0;
  const postgres = {
    async start() {
      const words = ['-D', data, '-p', String(port), '-h', '127.0.0.1', '-k', '', '-c', 'fsync=off'];
      child = spawn(join(BINARIES ?? '', 'postgres'), words, { ...who, cwd: folder, stdio: 'ignore' });
      while (!(await answers(urlOf('postgres'))))
        if (child.exitCode !== null) throw new Error(`postgres ended with ${child.exitCode}`);
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
      const name = `test_${databases}`;
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

export async function query(url, sql) {
  const { default: pg } = await import('pg');
  const pool = new pg.Pool({ connectionString: url, max: 1, connectionTimeoutMillis: 30_000 });
  pool.on('error', () => undefined);
  try {
    return (await pool.query(sql)).rows;
  } finally {
    await pool.end();
  }
}

async function answers(url) {
  try {
    await query(url, 'SELECT 1');
    return true;
  } catch {
    await new Promise((resolve) => setTimeout(resolve, 50));
    return false;
  }
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
