import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { control, traceOf } from './racing-target.ts';
import type { RacingTarget } from './racing-target.ts';

const SERVER = fileURLToPath(new URL('fixtures/own-backend.mjs', import.meta.url));

const SOURCE = readFileSync(SERVER, 'utf8').split('\n');

describe('a server that asks a server in its own process', () => {
  let target: RacingTarget;
  beforeAll(async () => {
    target = await control(SERVER);
  });
  afterAll(() => target.stop());

  it.each([
    ['by_http', 'const request = get(url, { agent: false });'],
    ['by_fetch', "server.registerTool('by_fetch', {}, async () => text(await (await fetch(url)).text()));"],
  ])('is answered when the virtual time has come, and controlled all the while: $0', async (tool, asks) => {
    const calls = [{ tool }, { tool }];
    const one = await target.race(calls, { strategy: 'random', seed: 1 });
    expect(one.record).toMatchObject({ status: 'done', uncontrolled: [] });
    expect(one.answers).toEqual([expect.stringMatching(/^row \d+$/), expect.stringMatching(/^row \d+$/)]);
    expect(one.record.virtualMs).toBeGreaterThanOrEqual(5_000);
    const two = await target.race(calls, { strategy: 'random', seed: 1 });
    // Over connections of the first trial, too, which fetch keeps.
    for (const { record } of [one, two]) {
      const asked = record.steps.filter(({ kind, site }) => kind === 'socket.write' && site !== null);
      expect(
        new Set(asked.map(({ lane, site }) => `${lane} ${SOURCE[(site?.line ?? 0) - 1]?.trim()}`)),
      ).toEqual(new Set(['A', 'B'].map((lane) => `${lane} ${asks}`)));
    }
    expect(traceOf(two.record)).toBe(traceOf(one.record));
  });
});
