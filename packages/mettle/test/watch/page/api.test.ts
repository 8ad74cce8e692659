import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'acorn';
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest';
import { SCRIPT } from '../../../src/watch/page/client/script.ts';
import { servePage, type Page } from '../../../src/watch/page/server.ts';
import { Watcher } from '../../../src/watch/watcher.ts';
import { outcome } from '../../builders/probe.ts';
import { configOf, watched } from '../engine/forms.ts';

const FLEET = ['alpha', 'beta', 'gamma', 'delta'].map((name) => watched(name));

describe('the API of the status page', () => {
  let folder: string;
  let watcher: Watcher;
  let page: Page;
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    watcher = await Watcher.open(
      configOf({ store: join(folder, 'w.db'), engine: null }, FLEET),
      () => undefined,
    );
    page = await servePage(watcher, { host: '127.0.0.1', port: 0, token: null });
    // Of alpha nothing is known yet; gamma is down, beta asks for authorisation.
    const down = outcome({ status: 'down', failedPhase: 'connect', sentence: 'It is gone.', tools: null });
    const refused = outcome({ status: 'unauthorised', failedPhase: 'http', tools: null });
    for (const [i, [name, look]] of (
      [
        ['gamma', down],
        ['gamma', down],
        ['beta', refused],
        ['delta', outcome()],
      ] as const
    ).entries())
      await watcher.history.record([
        { server: watched(name), region: 'local', slotMs: i, outcome: { ...look, target: name } },
      ]);
  });
  afterAll(async () => {
    await page.close();
    await watcher.stop();
    await rm(folder, { recursive: true, force: true });
  });

  const get = async (path: string): Promise<unknown> => (await fetch(new URL(path, page.url))).json();
  const names = async (query: string): Promise<readonly string[]> =>
    ((await get(`api/servers${query}`)) as { name: string }[]).map(({ name }) => name);

  it('says how many servers stand how', async () => {
    expect(await get('api/summary')).toMatchObject({
      servers: 4,
      up: 1,
      down: 1,
      unauthorised: 1,
      unknown: 1,
    });
  });

  it('gives all servers, or those asked for, what needs somebody first when that is asked', async () => {
    expect(await names('')).toEqual(['alpha', 'beta', 'gamma', 'delta']);
    expect(await names('?order=worst')).toEqual(['gamma', 'beta', 'alpha', 'delta']);
    expect(await names('?order=worst&limit=2')).toEqual(['gamma', 'beta']);
    expect(await names('?name=ALPH')).toEqual(['alpha']);
    expect(await names('?limit=-1&name=ta')).toEqual(['beta', 'delta']);
  });

  it('tells of a server by name what was seen, and of no other that there is none', async () => {
    expect(await get('api/servers/gamma')).toMatchObject({
      status: 'down',
      sentence: 'It is gone.',
      incidents: [{ kind: 'down', endedAtMs: null }],
    });
    expect((await fetch(new URL('api/servers/nobody', page.url))).status).toBe(404);
  });

  it('serves a page whose script is whole, and lets nothing of others into it', async () => {
    expect(() => parse(SCRIPT, { ecmaVersion: 2023, sourceType: 'module' })).not.toThrow();
    const { headers } = await fetch(page.url);
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'self'; script-src 'self';/,
    );
  });
});

describe('slots without a look', () => {
  it('are told by the API, the metrics and to nobody as down', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'mettle-test-'));
    const it60 = watched('it', undefined, { intervalMs: 60_000 });
    const watcher = await Watcher.open(
      configOf({ store: join(folder, 'w.db'), engine: null }, [it60]),
      () => undefined,
    );
    const page = await servePage(watcher, { host: '127.0.0.1', port: 0, token: null });
    onTestFinished(async () => {
      await page.close();
      await watcher.stop();
      await rm(folder, { recursive: true, force: true });
    });
    // Looked at six and two minutes ago, of which nothing has come since may be under way.
    const nowMs = Date.now();
    const slot = (minutesAgo: number): number => nowMs - minutesAgo * 60_000 + 5000;
    const looks = [slot(6), slot(2)].map((slotMs) => ({
      server: it60,
      region: 'local',
      slotMs,
      outcome: outcome({ target: 'it', startedAt: new Date(slotMs).toISOString() }),
    }));
    await watcher.history.record(looks);
    const [fromMs, toMs] = [slot(5), slot(4)];
    await watcher.history.note([{ server: 'it', region: 'local', fromMs, toMs, reason: 'overload' }]);
    const get = async (path: string): Promise<string> => (await fetch(new URL(path, page.url))).text();
    const missed = { slots: 3, reasons: { overload: 2, absent: 1 } };
    expect(JSON.parse(await get('api/servers/it'))).toMatchObject({ status: 'up', upShare: 1, missed });
    expect(JSON.parse(await get('api/summary'))).toMatchObject({ up: 1, down: 0, missed });
    const metrics = await get('metrics');
    expect(metrics).toContain('mettle_probe_missed_slots{reason="overload"} 2\n');
    expect(metrics).toContain('mettle_probe_missed_slots{reason="unexplained"} 0\n');
  });
});
