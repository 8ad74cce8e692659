import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, expect, test } from 'vitest';
import { examine } from './examination.ts';
import { expectTruthful, findingNames } from './truthful.ts';

const SERVER = fileURLToPath(new URL('../../../sick-servers/hash-on-main-thread/sick.js', import.meta.url));
const SCRIPT = fileURLToPath(new URL('../../../../scripts/node-versions.mjs', import.meta.url));
const VERSIONS = ['20.19.0', '22.23.3', '24.21.0', '26.10.0'];

let nodes: Readonly<Record<string, string>> = {};

beforeAll(() => {
  const fetched = spawnSync(process.execPath, [SCRIPT, ...VERSIONS], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  nodes = JSON.parse(fetched.stdout) as Record<string, string>;
});

test.each(VERSIONS)('Mettle and its target both run on Node.js %s', async (version) => {
  const node = nodes[version] ?? '';
  const examination = await examine({ node, command: [node, SERVER], budgetSeconds: 10 });
  const { result } = examination;
  expect(result.node).toBe(`v${version}`);
  expect(result.target.node).toBe(`v${version}`);
  expect(findingNames(result)).toContain('blocked-event-loop login');
  expectTruthful(examination);
});
