/*
 * npm run new:detector <id> [-- --check cpu]
 * Writes a detector, its test (red until the detector is written), its sick server with the healthy twin, its page
 * in docs/findings, and its line in detect/index.ts.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { parseArgs } from 'node:util';
import { bin, root } from './prepare.mjs';

const CHECKS = ['cpu', 'latency', 'leak', 'serialisation', 'race', 'overload', 'protocol', 'regression'];

const { values, positionals } = parseArgs({
  options: { check: { type: 'string', default: 'cpu' } },
  allowPositionals: true,
});
const [id] = positionals;
if (id === undefined || !/^[a-z]+(-[a-z0-9]+)*$/.test(id)) {
  stop('Name the failing state as a noun in kebab-case: npm run new:detector regex-backtracking');
}
if (!CHECKS.includes(values.check))
  stop(`--check takes one of ${CHECKS.join(', ')}; "${values.check}" is none.`);

const name = id.replace(/-([a-z0-9])/g, (_, letter) => letter.toUpperCase());
const index = 'packages/mettle/src/detect/index.ts';
const files = {
  [`packages/mettle/src/detect/detectors/${id}.ts`]: detector(),
  [`packages/mettle/test/detect/detectors/${id}.test.ts`]: detectorTest(),
  [`packages/sick-servers/${id}/sick.js`]: server(` // ailment: ${id}`),
  [`packages/sick-servers/${id}/healthy.js`]: server(''),
  [`packages/sick-servers/${id}/ailment.json`]: ailment(),
  [`docs/findings/${id}.md`]: page(),
};

const taken = Object.keys(files).find((file) => existsSync(join(root, file)));
if (taken !== undefined) stop(`${taken} is there already.`);

for (const [file, text] of Object.entries(files)) {
  mkdirSync(dirname(join(root, file)), { recursive: true });
  writeFileSync(join(root, file), text);
}
writeFileSync(join(root, index), listed(readFileSync(join(root, index), 'utf8')));
const code = [...Object.keys(files), index].filter((file) => /\.[jt]s$/.test(file));
spawnSync(process.execPath, [bin('oxfmt', 'bin/oxfmt'), ...code], { cwd: root, stdio: 'inherit' });

console.log([...Object.keys(files), index].map((file) => `wrote ${file}`).join('\n'));
console.log(`\nNext: make ${id}/sick.js ill and healthy.js well; CONTRIBUTING.md has the steps.`);

/** detect/index.ts with the new detector imported and listed last. */
function listed(text) {
  const imports = [...text.matchAll(/^import .* from '\.\/detectors\/.*';$/gm)];
  const last = imports.at(-1);
  const end = last === undefined ? 0 : last.index + last[0].length + 1;
  const withImport = `${text.slice(0, end)}import { ${name} } from './detectors/${id}.ts';\n${text.slice(end)}`;
  const list = /= \[([^\]]*)\];/.exec(withImport);
  if (list === null) stop(`${index} has no list of detectors (… = [ … ];).`);
  const names = list[1].trim().replace(/,$/, '');
  const longer = `= [${names === '' ? '' : `${names},`}\n  ${name},\n];`;
  return withImport.slice(0, list.index) + longer + withImport.slice(list.index + list[0].length);
}

function detector() {
  return `import type { Detector, DetectorInput, ExerciseEvidence, Finding } from '../../evidence/index.ts';
import { plural, quoted } from '../figures.ts';
import { makeFinding, verifyCommand } from '../finding.ts';

const ID = '${id}';

type Input = DetectorInput<'exercise' | 'target'>;
type Exercised = ExerciseEvidence['subjects'][number];

/** What state of a tool this finds, and from when on: say it here. */
export const ${name}: Detector<'exercise' | 'target'> = {
  id: ID,
  check: '${values.check}',
  needs: ['exercise', 'target'],

  detect(evidence) {
    return evidence.exercise.subjects.filter(isIll).map((subject) => findingOf(evidence, subject));
  },

  looked(evidence) {
    return plural(evidence.exercise.subjects.length, 'tool');
  },
};

/** To be written; at each threshold, why that number. */
function isIll(_subject: Exercised): boolean {
  return false;
}

function findingOf(evidence: Input, { name }: Exercised): Finding {
  return makeFinding({
    id: ID,
    tool: name,
    location: undefined,
    severity: 'medium',
    confidence: 'measured',
    title: \`\${quoted(name)} … (one plain sentence with the figure in it)\`,
    evidence: [],
    cost: { value: 0, unit: 'ms', per: 'call' },
    fix: 'What to change, naming the primitive or library to use.',
    verify: { command: verifyCommand(evidence.target, [name]), expect: 'exit code 0' },
  });
}
`;
}

function detectorTest() {
  return `import { expect, test } from 'vitest';
import type { EvidenceMap } from '../../../src/evidence/index.ts';
import { ${name} } from '../../../src/detect/detectors/${id}.ts';

const target: EvidenceMap['target'] = {
  kind: 'stdio',
  command: ['node', 'server.js'],
  url: null,
  cwd: '/srv/shop',
  targetArguments: '-- node server.js',
  node: 'v24.0.0',
  server: { name: 'shop', version: '1.0.0' },
  protocolVersion: '2025-11-25',
  era: '2025',
  capabilities: {},
  sdk: null,
  agent: { attached: true, pid: 1, node: 'v24.0.0', instruments: [] },
  machine: { cores: 4, platform: 'linux', loadAverage1m: 0, node: 'v24.0.0' },
};

function exercised(calls: number): EvidenceMap['exercise'] {
  const outcomes = { calls, errors: 0, errorKinds: {}, firstError: null };
  return {
    subjects: [{ name: 'search', kind: 'tool', exercised: true, reason: null, arguments: 'schema', outcomes }],
  };
}

test('finds … in the tool that has it', () => {
  const findings = ${name}.detect({ target, exercise: exercised(100) });
  expect(findings.map(({ id, tool }) => [id, tool])).toEqual([['${id}', 'search']]);
});

test('finds nothing in a tool that is well', () => {
  expect(${name}.detect({ target, exercise: exercised(0) })).toEqual([]);
});

test('says what it looked at', () => {
  expect(${name}.looked({ target, exercise: exercised(100) })).toBe('1 tool');
});
`;
}

function server(mark) {
  return `import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: '${id}', version: '1.0.0' });

server.registerTool(
  'search',
  {
    description: 'Finds articles.',
    inputSchema: { query: z.string().min(1).max(40) },
    annotations: { readOnlyHint: true },
  },
  async ({ query }) => {
    const found = query.toUpperCase();${mark}
    return { content: [{ type: 'text', text: found }] };
  },
);

await server.connect(new StdioServerTransport());
`;
}

function ailment() {
  const location = { file: 'sick.js', marker: `ailment: ${id}` };
  return `${JSON.stringify({ ailments: [{ finding: id, tool: 'search', location }], consequences: [] }, null, 2)}\n`;
}

function page() {
  return `# ${id}

One sentence: what is wrong with the server when this is found.

## What it costs

Who waits, for how long, from when on.

## How Mettle sees it

Which evidence, which thresholds, and why these numbers. What it is not taken for.

## Fix

\`\`\`diff
-before(); // what goes out
+after(); // what comes in, of \`packages/sick-servers/${id}\`: the report shows it
\`\`\`

The primitive or library to use, and when it is not the right one.
`;
}

function stop(sentence) {
  console.error(sentence);
  process.exit(2);
}
