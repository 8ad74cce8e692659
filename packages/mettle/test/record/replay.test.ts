import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { recordAndReplay } from './replaying.ts';

const SHOP = fileURLToPath(new URL('../../../sick-servers/general/healthy.js', import.meta.url));

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

it('makes the recorded calls again, as often, in their order, with the same results', async () => {
  const { recorded, replayed, replay } = await recordAndReplay([SHOP], folder, async (client) => {
    const { tools } = await client.listTools();
    const name = tools[0]?.name ?? '';
    const call = (): Promise<unknown> => client.callTool({ name, arguments: {} });
    await Promise.all([call(), call(), client.listTools()]);
    await client.callTool({ name: 'of-its-own-invention', arguments: {} });
    await call();
  });
  // Before the recording is begun, Mettle lists what there is, as any client does.
  const asked = recorded.slice(recorded.findIndex(({ method }) => method === 'tools/list'));
  const listed = asked.filter(({ params }) => !JSON.stringify(params).includes('of-its-own-invention'));
  expect(replayed.slice(-listed.length)).toEqual(listed);
  expect(replay).toMatchObject({
    calls: 5,
    sameOutcome: 5,
    differing: [],
    recorded: { calls: 6, sessions: 1, mostUnderWay: 3 },
    leftOut: [
      {
        subject: 'of-its-own-invention',
        calls: 1,
        why: 'not called: recorded, but the server does not list it',
      },
    ],
  });
});
