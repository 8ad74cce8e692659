import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const BINARY = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);
const PACKAGES = ['ioredis', 'redis-semaphore', 'rate-limiter-flexible', 'bullmq'];
const missing = await Promise.all(
  PACKAGES.map((name) =>
    import(name).then(
      () => [],
      () => [name],
    ),
  ),
);

/** Why tests that need Redis are skipped; undefined when they are not. */
export const whyNot =
  [
    ...(BINARY === undefined ? ['redis-server or valkey-server is not installed'] : []),
    ...missing.flat().map((name) => `the package ${name} is not installed`),
  ].join('; ') || undefined;

/** Starts a Redis of the caller's own. */
export async function startRedis() {
  const port = await freePort();
  const directory = mkdtempSync(join(tmpdir(), 'mettle-redis-'));
  let child;
  const redis = {
    url: `redis://127.0.0.1:${port}`,
    start: async () => {
      const words = [
        '--port',
        String(port),
        '--bind',
        '127.0.0.1',
        '--save',
        '',
        '--appendonly',
        'no',
        '--dir',
        directory,
      ];
      child = spawn(BINARY, words, { stdio: ['ignore', 'pipe', 'ignore'] });
      for await (const chunk of child.stdout ?? [])
        if (String(chunk).includes('Ready to accept connections')) return;
    },
    kill: async () => {
      if (child === undefined) return;
      const exited = once(child, 'exit');
      child.kill('SIGKILL');
      await exited;
      child = undefined;
    },
    breakConnections: async () => {
      const { Redis } = await import('ioredis');
      const own = new Redis(redis.url);
      for (const kind of ['normal', 'pubsub']) await own.client('KILL', 'TYPE', kind, 'SKIPME', 'yes');
      own.disconnect();
    },
    pause: () => void child?.kill('SIGSTOP'),
    resume: () => void child?.kill('SIGCONT'),
    remove: async () => {
      await redis.kill();
      rmSync(directory, { recursive: true });
    },
  };
  await redis.start();
  return redis;
}

async function freePort() {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address();
  server.close();
  await once(server, 'close');
  return port;
}
