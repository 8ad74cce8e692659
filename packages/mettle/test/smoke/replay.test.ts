import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, inject, it } from 'vitest';
import { recordAndReplay } from '../record/replaying.ts';
import { PUBLISHED_SERVERS } from './servers.ts';

it('a recording of server-everything is replayed with the same calls and results', async () => {
  const everything = PUBLISHED_SERVERS.find(({ package: name }) => name.endsWith('/server-everything'));
  if (everything === undefined) throw new Error('server-everything is not among the published servers');
  const installed = inject('serverFolders')[`${everything.package}@${everything.version}`] as string;
  const folder = await mkdtemp(join(tmpdir(), 'mettle-smoke-'));
  try {
    const { recorded, replayed, replay } = await recordAndReplay(
      [join(installed, 'node_modules', everything.package, everything.script), 'stdio'],
      folder,
      async (client) => {
        const call = (name: string, args: Record<string, unknown>): Promise<unknown> =>
          client.callTool({ name, arguments: args });
        await client.listTools();
        await call('echo', { message: 'hello' });
        await Promise.all([
          call('trigger-long-running-operation', { duration: 1, steps: 2 }),
          ...[1, 2, 3, 4].map((a) => call('get-sum', { a, b: 10 })),
        ]);
        await pause(500);
        await call('echo', {});
        await client.listResources();
        await client.readResource({ uri: 'demo://resource/dynamic/text/1' });
        await client.readResource({ uri: 'demo://no/such/thing' }).catch(() => null);
        await call('get-structured-content', { location: 'Chicago' });
      },
    );
    const asked = recorded.slice(recorded.findIndex(({ method }) => method === 'tools/list'));
    expect(asked).toHaveLength(12);
    expect(replayed.slice(-asked.length)).toEqual(asked);
    expect(replay).toMatchObject({ calls: 12, sameOutcome: 12, differing: [], leftOut: [] });
    expect(replay.recorded.mostUnderWay).toBe(5);
    expect(replay.mostUnderWay).toBe(5);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}, 120_000);
