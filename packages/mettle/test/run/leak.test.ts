import { readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import type { HeapGrowth, HeapGrowthEvidence } from '../../src/evidence/index.ts';
import { examine } from '../../src/run/execute.ts';

const folder = fileURLToPath(new URL('../../../sick-servers/six-tools/', import.meta.url));

async function leak(
  script: string,
  signal = new AbortController().signal,
): Promise<HeapGrowthEvidence | null> {
  const { bundle } = await examine({
    examination: 'leak',
    spec: { kind: 'stdio', command: [process.execPath, `${folder}${script}`], env: {}, cwd: folder },
    targetArguments: '',
    command: 'mettle leak',
    mettle: '0.1.0',
    tools: [],
    workload: null,
    allowWrites: false,
    budgetMs: 60_000,
    seed: 1,
    era: '2025',
    signal,
    onProgress: () => {},
  });
  return bundle.evidence.heapGrowth ?? null;
}

/** Folders of snapshots of this very process: other tests look into heaps meanwhile. */
function snapshotFolders(): readonly string[] {
  return ['/dev/shm', tmpdir()].flatMap((parent) => {
    try {
      return readdirSync(parent).filter((name) => name.startsWith(`mettle-heap-${process.pid}-`));
    } catch {
      return [];
    }
  });
}

const told = ({ subject, startedBy, bound, site }: HeapGrowth): string =>
  `${subject?.name ?? startedBy?.name ?? 'nobody'}: ${bound.kind}${site[0] === undefined ? '' : ` at line ${site[0].line}`}`;

describe('the examination of a heap', { timeout: 300_000 }, () => {
  it('tells four leaks from a cache that fills, each with its tool, its certainty and its line', async () => {
    const evidence = await leak('sick.js');
    const growths = evidence?.growths ?? [];
    expect(growths.map(told)).toEqual(
      expect.arrayContaining([
        'subscribe_updates: none at line 16',
        'open_session: none at line 23',
        'lookup: none at line 30',
        'watch_metric: none at line 38',
        'cached_fetch: plateau',
      ]),
    );
    const never = growths.filter(({ bound }) => bound.kind === 'none');
    expect(new Set(never.map((growth) => growth.subject?.name ?? growth.startedBy?.name))).toEqual(
      new Set(['subscribe_updates', 'open_session', 'lookup', 'watch_metric']),
    );
    for (const growth of never.filter(({ driver }) => driver === 'calls'))
      expect(growth).toMatchObject({ proof: 'exact', objectsPerCall: 1 });
    expect(growths.find(({ driver }) => driver === 'time')).toMatchObject({
      startedBy: { name: 'watch_metric' },
      owner: { name: 'samples' },
    });
    expect(growths.find(({ subject }) => subject?.name === 'lookup')).toMatchObject({ keyed: true });
    expect(growths.find(({ subject }) => subject?.name === 'open_session')).toMatchObject({
      keyed: false,
      path: expect.arrayContaining(['Map "sessions"']),
    });
    expect(evidence?.notCovered).toEqual([]);
  });

  it('leaves no snapshot behind when it is interrupted', async () => {
    const before = new Set(snapshotFolders());
    const interrupt = new AbortController();
    const running = leak('healthy.js', interrupt.signal);
    // As soon as the file for the snapshots is there.
    while (snapshotFolders().every((name) => before.has(name)))
      await new Promise((resolve) => setTimeout(resolve, 20));
    const made = snapshotFolders().filter((name) => !before.has(name));
    interrupt.abort();
    expect(await running).toBeNull();
    expect(snapshotFolders().filter((name) => made.includes(name))).toEqual([]);
  });
});
