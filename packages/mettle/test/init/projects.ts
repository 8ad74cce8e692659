import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { runHere } from '../cli/run-here.ts';

const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
const INSTALLED = fileURLToPath(new URL('../../../../node_modules', import.meta.url));

/** A folder with these files, and what is installed in this repository. */
export function projectOf(
  files: Readonly<Record<string, string>>,
  { installed = true }: { readonly installed?: boolean } = {},
): string {
  const folder = mkdtempSync(join(tmpdir(), 'mettle-project-'));
  for (const [file, content] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, file)), { recursive: true });
    writeFileSync(join(folder, file), content);
  }
  if (installed) symlinkSync(INSTALLED, join(folder, 'node_modules'), 'dir');
  return folder;
}

export function remove(folder: string): void {
  rmSync(folder, { recursive: true, force: true });
}

/** Every file of the project with its content, but for what is installed. */
export function filesOf(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((name) => !/^(node_modules|\.git)(\/|$)/.test(name) && statSync(join(folder, name)).isFile())
    .toSorted();
  return Object.fromEntries(names.map((name) => [name, readFileSync(join(folder, name), 'utf8')]));
}

export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A command in the project's folder, with no terminal. */
export async function run(
  folder: string,
  command: readonly [string, ...string[]],
  env: Readonly<Record<string, string | undefined>> = {},
): Promise<Ran> {
  const [program, ...words] = command;
  const { VITEST: _, NODE_TEST_CONTEXT: __, NODE_OPTIONS: ___, ...inherited } = process.env;
  const child = spawn(program, words, {
    cwd: folder,
    env: { ...inherited, NO_COLOR: '1', FORCE_COLOR: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [stdout, stderr, [code]] = await Promise.all([
    text(child.stdout),
    text(child.stderr),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, stdout, stderr };
}

/** `mettle init` in this process. */
export function initHere(folder: string, ...words: readonly string[]): Promise<Ran> {
  return runHere(['init', '--quiet', ...words], folder);
}

/** The same as a process of its own. */
export function init(folder: string, ...words: readonly string[]): Promise<Ran> {
  return run(folder, [process.execPath, METTLE, 'init', '--quiet', ...words]);
}

const NOTES_V1 = `#!/usr/bin/env node
import { readFile, writeFile } from 'node:fs/promises';
import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
import { z } from 'zod';

const server = new McpServer({ name: 'notebook', version: '1.2.0' });
const load = async () => JSON.parse(await readFile('notes.json', 'utf8').catch(() => '[]'));
const said = (text) => ({ content: [{ type: 'text', text }] });
server.registerTool('add_note', { description: 'Adds.', inputSchema: { text: z.string() } }, async ({ text }) => {
  const notes = await load();
  await writeFile('notes.json', JSON.stringify([...notes, text]));
  return said('ok');
});
server.registerTool(
  'wipe',
  { description: 'Deletes all.', inputSchema: {}, annotations: { destructiveHint: true } },
  async () => said(String(await writeFile('notes.json', '[]'))),
);
server.registerTool(
  'search_notes',
  { description: 'Finds.', inputSchema: { query: z.string() }, annotations: { readOnlyHint: true } },
  async ({ query }) => said(JSON.stringify((await load()).filter((each) => each.includes(query)))),
);
server.registerTool(
  'ask_web',
  { description: 'Asks.', inputSchema: {}, annotations: { readOnlyHint: true, openWorldHint: true } },
  async () => said('nothing'),
);
await server.connect(new StdioServerTransport());
`;

/** SDK v1, JavaScript, stdio, Node's own test runner; `add_note` loses updates. */
export const NOTEBOOK: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'notebook',
    version: '1.2.0',
    private: true,
    type: 'module',
    scripts: { start: 'node src/server.js', test: 'node --test' },
    dependencies: { '@modelcontextprotocol/sdk': '1.32.2', zod: '4.6.7' },
    devDependencies: { mettle: '0.1.0' },
  }),
  'src/server.js': NOTES_V1,
};

/** SDK v2, TypeScript through tsx, HTTP on PORT, vitest; what writes takes its turn. */
export const COUNTERS: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'counters',
    version: '2.0.0',
    private: true,
    type: 'module',
    scripts: { start: 'tsx src/server.ts', test: 'vitest run' },
    dependencies: { '@modelcontextprotocol/server': '2.4.0', '@modelcontextprotocol/node': '2.1.2' },
    devDependencies: { mettle: '0.1.0', tsx: '4.23.15', typescript: '7.0.2', vitest: '4.1.12' },
  }),
  'tsconfig.json': '{ "compilerOptions": { "module": "nodenext", "strict": true } }',
  'src/server.ts': `import { createServer } from 'node:http';
import { readFile, writeFile } from 'node:fs/promises';
import { toNodeHandler } from '@modelcontextprotocol/node';
import { createMcpHandler, McpServer } from '@modelcontextprotocol/server';
import { z } from 'zod';

let last: Promise<unknown> = Promise.resolve();
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const mine = last.then(work);
  last = mine.catch(() => undefined);
  return mine;
}
const load = async (): Promise<Record<string, number>> =>
  JSON.parse(await readFile('counters.json', 'utf8').catch(() => '{}'));
const said = (text: string) => ({ content: [{ type: 'text' as const, text }] });

const handler = createMcpHandler(() => {
  const server = new McpServer({ name: 'counters', version: '2.0.0' });
  server.registerTool('count', { inputSchema: z.object({ name: z.string() }) }, ({ name }) =>
    inTurn(async () => {
      const counters = await load();
      counters[name] = (counters[name] ?? 0) + 1;
      await writeFile('counters.json', JSON.stringify(counters));
      return said('counted');
    }),
  );
  server.registerTool('counters', { inputSchema: z.object({}), annotations: { readOnlyHint: true } }, async () =>
    said(JSON.stringify(await load())),
  );
  return server;
});
createServer(toNodeHandler(handler)).listen(Number(process.env.PORT ?? 18733), '127.0.0.1');
`,
};

/** SDK v1, TypeScript that is built, stdio, vitest, started by its bin. */
export const BUILT: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'built',
    version: '1.0.0',
    type: 'module',
    bin: { built: './dist/index.js' },
    scripts: { build: 'tsc' },
    dependencies: { '@modelcontextprotocol/sdk': '1.32.2' },
    devDependencies: { typescript: '7.0.2', vitest: '4.1.12' },
  }),
  'package-lock.json': '{}',
  'tsconfig.json': '{ "compilerOptions": { "outDir": "dist", "rootDir": "src" } }',
  'src/index.ts': `import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import {
  StdioServerTransport,
} from "@modelcontextprotocol/sdk/server/stdio.js";

const server: McpServer = new McpServer({ name: "built", version: "1.0.0" });
server.registerTool("touch", {}, async () => ({ content: [] }));
await server.connect(new StdioServerTransport());
`,
  'dist/index.js': `import { McpServer } from '@modelcontextprotocol/sdk/server/mcp.js';
import { StdioServerTransport } from '@modelcontextprotocol/sdk/server/stdio.js';
const server = new McpServer({ name: 'built', version: '1.0.0' });
server.registerTool('touch', {}, async () => ({ content: [] }));
await server.connect(new StdioServerTransport());
`,
};

/** SDK v2, JavaScript, stdio, jest. */
export const GREETER: Readonly<Record<string, string>> = {
  'package.json': JSON.stringify({
    name: 'greeter',
    version: '1.0.0',
    main: 'server.mjs',
    scripts: { test: 'jest' },
    dependencies: { '@modelcontextprotocol/server': '2.4.0' },
    devDependencies: { jest: '30.2.0', mettle: '0.1.0' },
  }),
  'server.mjs': `import { McpServer } from '@modelcontextprotocol/server';
import { StdioServerTransport } from '@modelcontextprotocol/server/stdio';
import { appendFile } from 'node:fs/promises';
import { z } from 'zod';

const server = new McpServer({ name: 'greeter', version: '1.0.0' });
server.registerTool('greet', { inputSchema: z.object({ name: z.string() }) }, async ({ name }) => {
  await appendFile('greeted.txt', \`\${name}\\n\`);
  return { content: [{ type: 'text', text: \`Hello, \${name}\` }] };
});
server.registerTool(
  'hello',
  { inputSchema: z.object({}), annotations: { readOnlyHint: true } },
  async () => ({ content: [{ type: 'text', text: 'Hello' }] }),
);
await server.connect(new StdioServerTransport());
`,
};
