import { join } from 'node:path';
import { describe, expect, inject, test } from 'vitest';
import { examine, freePort } from './examination.ts';
import type { Examination } from './examination.ts';
import { fixture, runJest } from './jest.ts';
import { PUBLISHED_SERVERS } from './servers.ts';
import type { PublishedServer, Start } from './servers.ts';
import { findingNames } from './truthful.ts';

const folders = inject('serverFolders');

const OFFICIAL = PUBLISHED_SERVERS.filter((published) =>
  published.package.startsWith('@modelcontextprotocol/server-'),
);
/** `npm run smoke` examines all of them; `npm test` has time for one. */
const servers = process.env['METTLE_SMOKE'] === 'all' ? OFFICIAL : OFFICIAL.slice(1, 2);

describe.each(servers.map((published) => [`${published.package}@${published.version}`, published] as const))(
  'mettle leak of %s',
  (_title, published) => {
    test('finds nothing over stdio', async () => {
      const { result, exitCode, stderr } = await leaksOf(published, published.stdio);
      expect(findingNames(result), stderr).toEqual([]);
      expect(result.checks.leak).toMatchObject({ status: 'clear' });
      expect(exitCode).toBe(0);
    });
  },
);

test.runIf(process.env['METTLE_SMOKE'] === 'all')(
  'mettle leak finds the sessions that server-everything keeps when its clients leave without a word',
  async () => {
    const everything = PUBLISHED_SERVERS.find(({ package: name }) => name.endsWith('/server-everything'));
    if (everything?.http === undefined) throw new Error('server-everything is not among the servers');
    const { result, stderr } = await leaksOf(everything, everything.http(await freePort()));
    // It also keeps every event that it ever sent, to be able to send it again: two for each request.
    const names = findingNames(result).map((name) => name.split(' ')[0]);
    expect(new Set(names), stderr).toEqual(new Set(['collection-leak', 'session-leak']));
    const sessions = result.findings.find(({ id }) => id === 'session-leak');
    expect(sessions?.location?.file).toMatch(/server-everything/);
  },
);

test.runIf(process.env['METTLE_SMOKE'] === 'all')(
  'under jest, expectNoLeak fails the test whose calls leave something behind, and no other',
  () => {
    const { status, output } = runJest(
      'leak',
      `import { expectNoLeak } from 'mettle/testing';
       import { connected } from '${fixture('fixtures/in-tests/server.mjs')}';
       const options = { budgetMs: 90_000 };
       test('a cache that fills is none', async () => {
         const { client, close } = await connected();
         await expectNoLeak((i) => client.callTool({ name: 'look_up', arguments: { key: 'key ' + i } }), options);
         await close();
       });
       test('sessions that stay', async () => {
         const { client, close } = await connected();
         await expectNoLeak(() => client.callTool({ name: 'open_session', arguments: {} }), options);
         await close();
       });`,
    );
    expect(status, output).toBe(1);
    expect(output).toMatch(/✓ a cache that fills is none/);
    expect(output).toMatch(/✕ sessions that stay/);
    expect(output).toMatch(
      /adds one entry to the Map `sessions` per call.*server\.mjs:19 \(collection-leak\)/,
    );
  },
);

function leaksOf(published: PublishedServer, start: Start): Promise<Examination> {
  const folder = folders[`${published.package}@${published.version}`] ?? '';
  return examine({
    examination: 'leak',
    budgetSeconds: 120,
    command: ['node', join(folder, 'node_modules', published.package, published.script), ...start.args],
    ...(start.env === undefined ? {} : { env: start.env }),
    ...(start.url === undefined ? {} : { url: start.url }),
    ...(published.prepare === undefined ? {} : { prepare: published.prepare }),
  });
}
