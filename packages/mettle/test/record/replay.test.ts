import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { RecordedMoment, ReplayFigures, Result } from '../../src/evidence/index.ts';
import { METTLE, recordAndReplay, TAP } from './replaying.ts';
import type { Asked } from './replaying.ts';

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

it('is made again by mettle profile before anything else is called, in its order, then once more under the profiler', async () => {
  const calls = ['convert_currency', 'search_orders'].map((tool) => ({ tool }));
  const moment = (call: number, session: number, atMs: number): RecordedMoment => ({
    call,
    session,
    atMs,
    durationMs: 5,
    outcome: 'success',
  });
  const recording = { timeline: [moment(1, 0, 0), moment(0, 0, 400), moment(1, 0, 800)] };
  const [file, asked] = ['w.json', 'asked.json'].map((name) => join(folder, name)) as [string, string];
  await writeFile(file, JSON.stringify({ schema: 'mettle/workload@1', calls, recording }));
  const words = [
    'profile',
    '--workload',
    file,
    '--replay',
    '--budget',
    '2',
    '--format',
    'json',
    '--out',
    'run',
  ];
  const target = ['--env', `TAP_FILE=${asked}`, '--', process.execPath, TAP, process.execPath, SHOP];
  const { stdout, stderr } = spawnSync(process.execPath, [METTLE, ...words, ...target], {
    cwd: folder,
    encoding: 'utf8',
  });
  const { notes } = JSON.parse(stdout) as Result;
  expect(stderr).toContain('making the recorded calls again');
  expect(notes[0]).toMatch(
    /^The recording was made again in its order, with its pauses: 3 of 3 calls in 1 session, at most 1 under way/,
  );
  const called = (JSON.parse(await readFile(asked, 'utf8')) as readonly Asked[]).flatMap(
    ({ method, params }) => (method === 'tools/call' ? [(params as { readonly name: string }).name] : []),
  );
  expect(called.slice(0, 3)).toEqual(['search_orders', 'convert_currency', 'search_orders']);
  const { replay } = JSON.parse(await readFile(join(folder, 'run/evidence/mixedLatency.json'), 'utf8')) as {
    readonly replay: ReplayFigures;
  };
  expect(replay).toMatchObject({ calls: 3, sessions: 1, leftOut: [] });
});
