import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it, onTestFinished } from 'vitest';
import { openEngine } from '../../../src/watch/engine/open.ts';
import { configOf, describeShared, watched } from './forms.ts';
import { freePort } from '../../free-port.ts';

const BINARY = ['redis-server', 'valkey-server'].find((name) => spawnSync(name, ['--version']).status === 0);

/** A Redis of another kind than those that hold a queue, at a port of its own. */
async function started(words: readonly string[], configuration: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-redis-'));
  const file = join(folder, 'redis.conf');
  const port = await freePort();
  await writeFile(file, `port ${String(port)}\nbind 127.0.0.1\ndir ${folder}\n${configuration}\n`);
  const child = spawn(BINARY ?? '', [file, ...words], { stdio: ['ignore', 'pipe', 'ignore'] });
  onTestFinished(async () => {
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
    await rm(folder, { recursive: true, force: true });
  });
  for await (const chunk of child.stdout)
    if (/Ready to accept|Sentinel ID is/.test(String(chunk))) return `127.0.0.1:${String(port)}`;
  throw new Error('it ended');
}

describeShared('the address of a Redis', (databases) => {
  const refusal = async (place: string): Promise<unknown> => {
    const postgres = await databases.postgres.database();
    const engine = { redis: `redis://:p4ss@${place}`, postgres, region: 'r', quorum: null };
    return openEngine(configOf({ store: '/nowhere', engine }, [watched('a')]), () => undefined).then(
      async (opened) => opened.close(),
      (error: unknown) => error,
    );
  };

  it('of a cluster, which would spread one queue over many nodes, is refused in one sentence', async () => {
    const place = await started([], 'cluster-enabled yes\nrequirepass p4ss\nsave ""');
    expect(await refusal(place)).toMatchObject({
      name: 'UsageError',
      message: `engine.redis: ${place} is of a Redis Cluster, which is not supported: give the address of one Redis or Valkey of its own.`,
    });
  });

  it('of a sentinel, which holds no keys, is refused in one sentence', async () => {
    const place = await started(['--sentinel'], 'requirepass p4ss');
    expect(await refusal(place)).toMatchObject({
      name: 'UsageError',
      message: `engine.redis: ${place} is a Redis Sentinel, which is not supported: give the address of one Redis or Valkey of its own.`,
    });
  });
});
