import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import { examine, freePort } from './examination.ts';
import { expectTruthful, findingNames } from './truthful.ts';

const SERVER = fileURLToPath(new URL('../../../sick-servers/both-eras/server.js', import.meta.url));

/** `npm run smoke` asks for either era; `npm test` has time for the one that is not the server's newest. */
const asModern = { asked: '2026', era: '2026', protocolVersion: '2026-07-28' } as const;

test.each([
  { asked: '2025', era: '2025', protocolVersion: '2025-11-25' },
  ...(process.env['METTLE_SMOKE'] === 'all' ? [asModern] : []),
  // Not asked: the newest that the server speaks.
  { asked: undefined, era: '2026', protocolVersion: '2026-07-28' },
])(
  'a small server of both eras, asked for $asked, is examined in era $era',
  async ({ asked, era, protocolVersion }) => {
    const port = await freePort();
    const examination = await examine({
      command: ['node', SERVER, String(port)],
      url: `http://127.0.0.1:${port}/mcp`,
      // What there is to find in one tool that adds is found in less.
      budgetSeconds: 5,
      ...(asked === undefined ? {} : { era: asked }),
    });
    const { result } = examination;
    expect(result.target).toMatchObject({
      kind: 'http',
      server: { name: 'both-eras', version: '1.0.0' },
      era,
      protocolVersion,
      sdk: { name: '@modelcontextprotocol/server', version: '2.4.0' },
    });
    expect(
      result.tools.filter(({ kind }) => kind === 'tool').map(({ name, exercised }) => [name, exercised]),
    ).toEqual([['add', true]]);
    expectTruthful(examination);
    expect(findingNames(result)).toEqual([]);
  },
);
