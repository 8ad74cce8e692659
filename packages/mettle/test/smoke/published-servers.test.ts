import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { examine, freePort } from './examination.ts';
import type { Examination } from './examination.ts';
import { PUBLISHED_SERVERS } from './servers.ts';
import type { PublishedServer, Start } from './servers.ts';
import { expectTruthful, findingNames } from './truthful.ts';

const folders = inject('serverFolders');

/**
 * `npm run smoke` examines every server, over HTTP as well whatever can listen; `npm test` has time for one of each kind:
 * the reference server, which has everything, over HTTP, and over stdio one that writes a file, one that runs programs for
 * its answers (git), and one that speaks both eras.
 */
const all = process.env['METTLE_SMOKE'] === 'all';
const KINDS = ['server-memory', 'git-mcp-server', 'context7-mcp'];
const overStdio = PUBLISHED_SERVERS.filter(
  (published) => all || KINDS.some((kind) => published.package.endsWith(kind)),
);
const overHttp = all ? PUBLISHED_SERVERS : PUBLISHED_SERVERS.slice(0, 1);
/** And of a server of both eras the newest. */
const erasOf = ({ eras }: PublishedServer): readonly ('2025' | '2026')[] => (all ? eras : eras.slice(-1));

const examinedServers = PUBLISHED_SERVERS.filter(
  (published) => overStdio.includes(published) || overHttp.includes(published),
);

describe.each(examinedServers.map((published) => [title(published), published] as const))(
  '%s',
  (_title, published) => {
    test.runIf(overStdio.includes(published)).each(erasOf(published))(
      'is examined over stdio, %s era',
      async (era) => {
        const examination = await examined(
          published,
          published.stdio,
          published.eras.length > 1 ? era : undefined,
        );
        expectIdentity(published, examination, 'stdio', era);
        expectTools(published, examination);
        expectTruthful(examination);
        expect(
          findingNames(examination.result).filter((name) => !published.trueFindings.includes(name)),
        ).toEqual([]);
      },
    );

    const { http } = published;
    test.runIf(http !== undefined && overHttp.includes(published)).each(published.eras)(
      'is examined over HTTP, %s era',
      async (era) => {
        const start = http?.(await freePort()) ?? published.stdio;
        const examination = await examined(published, start, published.eras.length > 1 ? era : undefined);
        expectIdentity(published, examination, 'http', era);
        expectTools(published, examination);
        expectTruthful(examination);
        expect(
          findingNames(examination.result).filter((name) => !published.trueFindings.includes(name)),
        ).toEqual([]);
      },
    );
  },
);

function examined(published: PublishedServer, start: Start, era: string | undefined): Promise<Examination> {
  return examine({
    command: ['node', join(packageFolder(published), published.script), ...start.args],
    ...(start.env === undefined ? {} : { env: start.env }),
    ...(start.url === undefined ? {} : { url: start.url }),
    ...(era === undefined ? {} : { era }),
    ...(published.prepare === undefined ? {} : { prepare: published.prepare }),
  });
}

function expectIdentity(
  published: PublishedServer,
  { result, stderr }: Examination,
  kind: 'stdio' | 'http',
  era: string,
): void {
  expect(result.target.kind, stderr).toBe(kind);
  expect(result.target.server).toEqual(published.server);
  expect(result.target.era).toBe(era);
  expect(result.target.protocolVersion).toBe(era === '2026' ? '2026-07-28' : '2025-11-25');
  expect(result.target.node).toBe(process.version);
  if (published.sdk !== null) {
    expect(result.target.sdk).toEqual({
      name: published.sdk,
      version: installedVersion(published, published.sdk),
    });
  }
}

function expectTools(published: PublishedServer, { result }: Examination): void {
  const tools = result.tools.filter(({ kind }) => kind === 'tool');
  expect(tools.map(({ name }) => name).toSorted()).toEqual(
    [...published.called, ...published.leftAlone].toSorted(),
  );
  expect(
    tools
      .filter(({ exercised }) => exercised)
      .map(({ name }) => name)
      .toSorted(),
  ).toEqual([...published.called].toSorted());
  // The inside was seen, and something answered.
  const looked = (['cpu', 'latency', 'protocol'] as const).map((check) => result.checks[check].status);
  expect(looked).not.toContain('skipped');
}

function title(published: PublishedServer): string {
  return `${published.package}@${published.version}`;
}

function packageFolder(published: PublishedServer): string {
  return join(folders[title(published)] ?? '', 'node_modules', published.package);
}

/** The version that npm put beside the server. */
function installedVersion(published: PublishedServer, name: string): string {
  const manifest = join(folders[title(published)] ?? '', 'node_modules', name, 'package.json');
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}
