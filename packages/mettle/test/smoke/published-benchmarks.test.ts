import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import type { CallOutcomes, Result } from '../../src/evidence/index.ts';
import { examine, freePort } from './examination.ts';
import { PUBLISHED_SERVERS } from './servers.ts';
import type { PublishedServer, Start } from './servers.ts';

const folders = inject('serverFolders');

/** `npm run smoke` benchmarks all of them; `npm test` has time for one. */
const servers = process.env['METTLE_SMOKE'] === 'all' ? PUBLISHED_SERVERS : PUBLISHED_SERVERS.slice(0, 1);

describe.each(servers.map((published) => [`${published.package}@${published.version}`, published] as const))(
  'without a workload, mettle bench of %s',
  (title, published) => {
    test('over stdio accounts for every call', async () => {
      const result = await benched(title, published, published.stdio);
      expect(result.target.kind).toBe('stdio');
      expectAccounted(published, result);
    });

    const { http } = published;
    test.runIf(http !== undefined && process.env['METTLE_SMOKE'] === 'all')(
      'over HTTP accounts for every call',
      async () => {
        const result = await benched(title, published, http?.(await freePort()) ?? published.stdio);
        expect(result.target.kind).toBe('http');
        expectAccounted(published, result);
      },
    );
  },
);

async function benched(title: string, published: PublishedServer, start: Start): Promise<Result> {
  const { result, exitCode, stderr } = await examine({
    examination: 'bench',
    budgetSeconds: 8,
    command: [
      'node',
      join(folders[title] ?? '', 'node_modules', published.package, published.script),
      ...start.args,
    ],
    ...(start.env === undefined ? {} : { env: start.env }),
    ...(start.url === undefined ? {} : { url: start.url }),
    ...(published.prepare === undefined ? {} : { prepare: published.prepare }),
  });
  expect(exitCode, stderr).toBe(0);
  return result;
}

function expectAccounted(published: PublishedServer, { bench, tools }: Result): void {
  const named = tools.filter(({ kind }) => kind === 'tool').map(({ name }) => name);
  expect(named.toSorted()).toEqual([...published.called, ...published.leftAlone].toSorted());
  const called = tools.filter(({ exercised }) => exercised).map(({ name }) => name);
  expect(called).toEqual(expect.arrayContaining([...published.called]));
  for (const name of published.leftAlone) expect(called).not.toContain(name);
  const [block] = bench?.blocks ?? [];
  const all = [block?.total, ...(block?.subjects ?? [])].flatMap((figures) => figures?.outcomes ?? []);
  for (const outcomes of all) expect(outcomes.calls).toBe(outcomes.ok + failed(outcomes));
  const parts = (block?.subjects ?? []).map(({ outcomes }) => outcomes.calls);
  expect(parts.reduce((sum, calls) => sum + calls, 0)).toBe(block?.total.outcomes.calls);
  // Each was either under load, or is listed with its reason.
  const loaded = new Set((block?.subjects ?? []).map(({ subject }) => subject.name));
  const left = new Map((bench?.leftOut ?? []).map(({ name, reason }) => [name, reason]));
  for (const { name } of tools) expect(loaded.has(name) || (left.get(name) ?? '') !== '', name).toBe(true);
}

function failed({ failures }: CallOutcomes): number {
  return Object.values(failures).reduce((sum, count) => sum + count, 0);
}
