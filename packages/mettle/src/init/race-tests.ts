import type { InitTarget } from './find-target.ts';
import type { Look, RaceCallText, Writer } from './look.ts';
import type { Project } from './project.ts';

/** A test of one tool, in the project's own runner. */
export interface RaceTest {
  readonly tool: string;
  /** Relative to the project. */
  readonly file: string;
  readonly content: string;
  /** Why it is not run until a person says so; null when it is. */
  readonly caution: string | null;
}

/** Every schedule starts from the same state again: seconds, on a busy machine minutes. */
const TIMEOUT = '120_000';
/** Of a line of a scenario, before it is indented. */
const MOST_COLUMNS = 96;

/** The folder of the tests, relative. */
function raceFolder({ testFolder }: Project): string {
  return `${testFolder}/races`;
}

/** A test for each tool that writes. None for a server that Mettle cannot start itself, since races need a copy. */
export function raceTests(project: Project, spec: InitTarget, look: Look): readonly RaceTest[] {
  const { command } = spec;
  if (command === null) return [];
  const taken = new Set<string>();
  return look.writers.map((writer) => {
    const base = writer.tool.replaceAll(/[^\w-]+/g, '-').toLowerCase();
    let name = base;
    for (let n = 2; taken.has(name); n++) name = `${base}-${String(n)}`;
    taken.add(name);
    return {
      tool: writer.tool,
      file: `${raceFolder(project)}/${name}.test.${extensionOf(project)}`,
      content: testText(project, serverText(spec, command), writer),
      caution: writer.caution,
    };
  });
}

/** The races of a tool's test, as they can be run at once. */
export function scenariosOf(
  spec: InitTarget & { readonly command: readonly [string, ...string[]] },
  { tool, different, same, observers: observe }: Writer,
): readonly {
  readonly server: {
    readonly http?: string;
    readonly command: readonly [string, ...string[]];
    readonly env: Readonly<Record<string, string>>;
    readonly cwd: string;
  };
  readonly calls: readonly RaceCallText[];
  readonly observe: readonly RaceCallText[];
}[] {
  const { command, env, cwd } = spec;
  const server = { command, env, cwd, ...(spec.kind === 'http' ? { http: spec.url } : {}) };
  const [one, other] = different.map((args) => ({ tool, arguments: args })) as [RaceCallText, RaceCallText];
  return [
    { server, calls: [one, other], observe },
    ...(same ? [{ server, calls: [one, one], observe }] : []),
  ];
}

/** The command that runs these tests alone, as a shell takes it. */
export function runRaceTests(project: Project): string {
  const folder = raceFolder(project);
  switch (project.runner) {
    case 'vitest':
      return `${execOf(project)} vitest run ${folder}`;
    case 'jest':
      return `node --experimental-vm-modules node_modules/jest/bin/jest.js ${folder}`;
    case 'node:test':
      return `node --test ${folder}/*.test.${extensionOf(project)}`;
  }
}

/** How the package manager runs what is installed, and nothing else. */
export function execOf({ packageManager }: Project): string {
  return { npm: 'npx --no --', pnpm: 'pnpm exec', yarn: 'yarn run', bun: 'bunx --no-install' }[
    packageManager
  ];
}

/** Node's own runner takes JavaScript on every version; jest would need a transform for anything else. */
function extensionOf({ runner, typescript, modules }: Project): string {
  if (runner === 'vitest') return typescript ? 'ts' : modules ? 'js' : 'mjs';
  return runner === 'jest' || modules ? 'js' : 'mjs';
}

function serverText(spec: InitTarget, command: readonly string[]): readonly string[] {
  return [
    ...(spec.kind === 'http' ? [`http: ${quoted(spec.url)},`] : []),
    `command: [${command.map(quoted).join(', ')}],`,
    ...(Object.keys(spec.env).length === 0 ? [] : [`env: ${literal(spec.env)},`]),
  ];
}

function testText(project: Project, server: readonly string[], writer: Writer): string {
  const jest = project.runner === 'jest';
  const scenario = (calls: readonly unknown[]): readonly string[] => [
    'await race({',
    '  server,',
    ...listText(
      'calls',
      calls.map((args) => callText(writer.tool, args)),
    ),
    ...(writer.observers.length === 0
      ? []
      : listText(
          'observe',
          writer.observers.map((each) => observerText(each)),
        )),
    '});',
  ];
  const [one, other] = writer.different;
  const cases = [
    { title: `${writer.tool}: two calls at once`, body: scenario([one, other]) },
    ...(writer.same
      ? [{ title: `${writer.tool}: the same call twice at once`, body: scenario([one, one]) }]
      : []),
  ];
  return [
    ...commentOf(project, writer),
    ...importsOf(project),
    '',
    ...(jest
      ? ['const server = {', ...indented(server), '};']
      : [
          'const server = {',
          ...indented(server),
          `  cwd: fileURLToPath(new URL(${quoted(upwards(project))}, import.meta.url)),`,
          `}${project.runner === 'vitest' && project.typescript ? ' satisfies RaceScenario["server"]'.replaceAll('"', "'") : ''};`,
        ]),
    '',
    ...cases.flatMap(({ title, body }) => [...caseText(project, writer, title, body), '']),
  ]
    .join('\n')
    .replace(/\n+$/, '\n');
}

function commentOf({ runner }: Project, { caution }: Writer): readonly string[] {
  return [
    '// Written by mettle init. race() starts the server in a process and an empty folder of its own, and runs the calls in',
    '// every order of their file accesses, timers and answers. What no order of the calls, one after the other, explains',
    "// fails the test, with the events that lead to it. The arguments are made from the tool's schema: better ones, a",
    '// state to start from (state) and what must hold afterwards (invariant) are yours to add.',
    ...(runner === 'jest'
      ? ['// jest loads ES modules such as mettle/testing only under node --experimental-vm-modules.']
      : []),
    ...(caution === null ? [] : [`// Skipped: ${caution}`]),
  ];
}

function importsOf({ runner, typescript }: Project): readonly string[] {
  if (runner === 'jest')
    return ["const racing = process.execArgv.includes('--experimental-vm-modules') ? test : test.skip;"];
  return [
    ...(runner === 'node:test' ? ["import { test } from 'node:test';"] : []),
    "import { fileURLToPath } from 'node:url';",
    runner === 'vitest' && typescript
      ? "import { call, race, type RaceScenario } from 'mettle/testing';"
      : "import { call, race } from 'mettle/testing';",
    ...(runner === 'vitest' ? ["import { test } from 'vitest';"] : []),
  ];
}

function caseText(
  { runner }: Project,
  { caution }: Writer,
  title: string,
  body: readonly string[],
): readonly string[] {
  if (runner === 'jest')
    return [
      `${caution === null ? 'racing' : 'test.skip'}(${quoted(title)}, async () => {`,
      "  const { call, race } = await import('mettle/testing');",
      ...indented(body),
      `}, ${TIMEOUT});`,
    ];
  return [
    `test${caution === null ? '' : '.skip'}(${quoted(title)}, { timeout: ${TIMEOUT} }, async () => {`,
    ...indented(body),
    '});',
  ];
}

/** A list of a scenario: on one line if it fits, else an entry per line. */
function listText(name: string, entries: readonly string[]): readonly string[] {
  const flat = `  ${name}: [${entries.join(', ')}],`;
  return flat.length <= MOST_COLUMNS
    ? [flat]
    : [`  ${name}: [`, ...entries.map((entry) => `    ${entry},`), '  ],'];
}

function callText(tool: string, args: unknown): string {
  return `call(${quoted(tool)}${isEmpty(args) ? '' : `, ${literal(args)}`})`;
}

function observerText({ tool, arguments: args }: RaceCallText): string {
  return isEmpty(args) ? quoted(tool) : callText(tool, args);
}

function upwards(project: Project): string {
  return '../'.repeat(raceFolder(project).split('/').length);
}

function indented(text: readonly string[]): readonly string[] {
  return text.map((line) => `  ${line}`);
}

function isEmpty(args: unknown): boolean {
  return Object.keys(args as object).length === 0;
}

/** A value as it is written in JavaScript by people. */
function literal(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value)) return `[${value.map(literal).join(', ')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const entries = Object.entries(value);
  const name = (key: string): string => (/^[A-Za-z_$][\w$]*$/.test(key) ? key : quoted(key));
  return entries.length === 0
    ? '{}'
    : `{ ${entries.map(([key, each]) => `${name(key)}: ${literal(each)}`).join(', ')} }`;
}

function quoted(text: string): string {
  const inner = JSON.stringify(text)
    .slice(1, -1)
    .replaceAll(String.raw`\"`, '"')
    .replaceAll("'", String.raw`\'`);
  return `'${inner}'`;
}
