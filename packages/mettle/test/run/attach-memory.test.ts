import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { afterEach, describe, expect, test } from 'vitest';
import type { Result } from '../../src/evidence/index.ts';
import { attachToMemory, detectors, resultOf } from '../../src/run/index.ts';
import { ownFixture, startBare } from './bare-server.ts';
import type { BareServer } from './bare-server.ts';

/** The watch itself, coming and going, and a busy machine. */
const SLOW_MS = 90_000;
const WATCH_MS = 8000;
const TOOLS = ['order', 'lookUp', 'blob'];

const cleanUp: (() => unknown)[] = [];
afterEach(async () => {
  for (const undo of cleanUp.splice(0)) await undo();
});

async function serving(...args: readonly string[]): Promise<BareServer> {
  const server = await startBare([ownFixture('remembering.mjs'), ...args]);
  cleanUp.push(() => server.kill());
  return server;
}

interface How {
  readonly collect?: boolean;
  readonly snapshot?: boolean;
  readonly mostPauseMs?: number;
  readonly durationMs?: number;
  /** Called when the watch has begun. */
  readonly onWatch?: () => void;
}

async function watch(
  pid: number,
  how: How = {},
): Promise<Result & { readonly fault: string | null; readonly warnings: readonly string[] }> {
  const warnings: string[] = [];
  const { bundle, targetFault } = await attachToMemory({
    pid,
    durationMs: how.durationMs ?? WATCH_MS,
    collect: how.collect ?? false,
    snapshot: how.snapshot ?? false,
    mostPauseMs: how.mostPauseMs ?? null,
    command: `mettle attach ${pid} --memory`,
    mettle: '0.0.0',
    signal: new AbortController().signal,
    onProgress: () => how.onWatch?.(),
    onWarning: (sentence) => void warnings.push(sentence),
  });
  return { ...resultOf(bundle, detectors), fault: targetFault, warnings };
}

/** Folders of this process with what servers wrote into them. */
const heapFolders = (): readonly string[] =>
  ['/dev/shm', tmpdir()].flatMap((folder) => {
    try {
      return readdirSync(folder).filter((name) => name.startsWith(`mettle-heap-${process.pid}-`));
    } catch {
      return [];
    }
  });

describe('the memory of a server in use', () => {
  test(
    'what rises is told with the function that allocates it, and the server is left as it was',
    async () => {
      const server = await serving();
      const traffic = server.keepCalling(TOOLS);
      const result = await watch(server.pid, { collect: true });
      expect(result.warnings[0]).toMatch(/has a heap of \d+ MB: each collection may hold it for/);
      expect(result.checks.leak).toMatchObject({ status: 'found' });
      const heap = result.findings.find(({ title }) => title.startsWith('The heap rises'));
      expect(heap).toMatchObject({
        id: 'rising-memory',
        confidence: 'measured',
        location: { file: expect.stringMatching(/remembering\.mjs$/), line: expect.any(Number) },
      });
      expect(heap?.title).toContain('`order`');
      expect(result.findings.some(({ title }) => title.includes('lookUp'))).toBe(false);
      expect(result.findings.some(({ title }) => title.startsWith('Memory outside the heap'))).toBe(true);
      expect(await traffic.end()).toMatchObject({ failed: 0 });
      expect(await server.call('order')).toHaveProperty('result');
      expect(server.ports() ?? []).toEqual([]);
      expect(server.noise).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'a healthy one is clear, with what was looked at',
    async () => {
      const server = await serving('healthy');
      const traffic = server.keepCalling(TOOLS);
      const result = await watch(server.pid, { collect: true });
      await traffic.end();
      expect(result.findings).toEqual([]);
      expect(result.checks.leak).toMatchObject({
        status: 'clear',
        looked: expect.stringContaining('as clients made them'),
      });
    },
    SLOW_MS,
  );

  test(
    'nothing is collected unless asked; what could not be told from garbage is skipped, never clear',
    async () => {
      const server = await serving();
      await server.call('order');
      const result = await watch(server.pid, { durationMs: 1000 });
      expect(result.warnings).toEqual([]);
      expect(result.checks.leak).toMatchObject({
        status: 'skipped',
        why: expect.stringMatching(
          /growth can be told from garbage only .* \(--collect\); of what was allocated meanwhile, .* a minute at most; buffers went from/,
        ),
      });
    },
    SLOW_MS,
  );

  test(
    'two snapshots name what holds the growth; the pause is said first, and no file is left',
    async () => {
      const server = await serving();
      for (let i = 0; i < 60; i++) await server.call('lookUp');
      const traffic = server.keepCalling(TOOLS);
      const result = await watch(server.pid, { snapshot: true, durationMs: 3000, mostPauseMs: 60_000 });
      await traffic.end();
      expect(result.warnings[0]).toMatch(/each of the two snapshots may hold it for .* answers nobody/);
      const titles = result.findings.map(({ title }) => title);
      expect(titles.some((title) => title.startsWith('Map "orders"'))).toBe(true);
      expect(titles.filter((title) => title.includes('"recent"'))).toEqual([]);
      expect(result.heapComparison?.sameProcess).toBe(true);
      expect(heapFolders()).toEqual([]);
      expect(await server.call('order')).toHaveProperty('result');
    },
    SLOW_MS,
  );

  test(
    'a pause that was not agreed to is refused before anything is done',
    async () => {
      const server = await serving();
      const refused = (how: How): Promise<unknown> => watch(server.pid, { ...how, mostPauseMs: 1 });
      await expect(refused({ snapshot: true })).rejects.toThrow(/agree with --accept-pause \d+/);
      await expect(refused({ collect: true })).rejects.toThrow(/agree with --accept-pause \d+/);
      expect(await server.call('order')).toHaveProperty('result');
      expect(server.ports() ?? []).toEqual([]);
    },
    SLOW_MS,
  );

  test(
    'a server that ends meanwhile is a fault of the target, told in one sentence',
    async () => {
      const server = await serving();
      const watched = watch(server.pid, { durationMs: 30_000, onWatch: () => void server.kill() });
      expect((await watched).fault).toMatch(/ended while Mettle watched it/);
    },
    SLOW_MS,
  );
});
