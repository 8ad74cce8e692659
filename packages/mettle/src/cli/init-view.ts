import { basename } from 'node:path';
import { runRaceTests, unifiedDiff } from '../init/index.ts';
import type { Change, InitTarget, Look, Project, SetUp } from '../init/index.ts';
import type { Rehearsal } from './init-rehearsal.ts';
import { shellQuote } from './shell-quote.ts';
import { VERSION } from './version.ts';

/** What was found: the project in one line, the server in another, the tools in a few. */
export function foundText(
  project: Project,
  { spec, from }: { readonly spec: InitTarget; readonly from: string },
  look: Look,
): string {
  const { sdk, typescript, runner, packageManager } = project;
  const facts = [
    sdk === null ? 'no MCP SDK in package.json' : `${sdk.name} (SDK v${String(sdk.generation)})`,
    typescript ? 'TypeScript' : 'JavaScript',
    runner,
    packageManager,
  ];
  const how = spec.command === null ? '' : `: ${shellQuote(spec.command)}`;
  const where = spec.kind === 'http' ? `over HTTP at ${spec.url}` : 'over stdio';
  const { server, tools, calls, leftOut } = look;
  const failing = calls.filter(({ failure }) => failure !== null);
  return [
    `${project.name}: ${facts.join(', ')}`,
    `${server === null ? 'The server' : `${server.name} ${server.version}`} ${where}${how}, from ${from.startsWith('/') ? basename(from) : from}`,
    `${count(tools, 'tool')}: ${String(calls.length)} may be called at any time, ${String(leftOut.length)} may not`,
    ...failing.map(
      ({ tool, failure }) =>
        `  ${tool} fails with the arguments of the workload (${failure ?? ''}): mend them there`,
    ),
    ...leftOut.map(({ tool, why }) => `  ${tool}: not in the workload, ${why}`),
    '',
  ].join('\n');
}

/** The diff of all that would be written, and a line for what is kept. */
export function planText(setUp: SetUp, { overwrite }: { readonly overwrite: boolean }): string {
  const written = toWrite(setUp.changes, overwrite);
  return [
    ...written.map(({ file, before, after }) => `${unifiedDiff(file, before, after)}\n`),
    ...(setUp.memory === null
      ? []
      : [`${unifiedDiff(setUp.memory.file, setUp.memory.before, setUp.memory.after)}\n`]),
    ...keptLines(setUp, overwrite),
    ...setUp.notes,
    '',
  ].join('\n');
}

/** New files, and with --overwrite those that differ. */
export function toWrite(changes: readonly Change[], overwrite: boolean): readonly Change[] {
  return changes.filter(({ kind }) => kind === 'new' || (overwrite && kind === 'differs'));
}

function keptLines({ changes }: SetUp, overwrite: boolean): readonly string[] {
  const kept = changes.filter(({ kind }) => kind === 'same' || (!overwrite && kind === 'differs'));
  return kept.map(({ file, kind }) =>
    kind === 'same'
      ? `${file}: there already`
      : `${file}: there already, and not as mettle init would write it: kept (--overwrite replaces it, --overwrite --dry-run shows how)`,
  );
}

/** What is left for the person to do. */
export function nextText(project: Project, setUp: SetUp, rehearsals: readonly Rehearsal[]): string {
  const add = { npm: 'npm install --save-dev', pnpm: 'pnpm add -D', yarn: 'yarn add -D', bun: 'bun add -d' }[
    project.packageManager
  ];
  const steps = [
    ...(project.hasMettle ? [] : [`${add} mettle@${VERSION}   the tests and the CI job need it`]),
    'npx mettle check   every examination; reads mettle.config.json',
    ...(setUp.raceTests.length === 0
      ? []
      : [`${runRaceTests(project).replace('npx --no --', 'npx')}   the tests of races`]),
  ];
  return [
    ...rehearsals.map(
      ({ tool, outcome, said }) =>
        `  ${outcome === 'passes' ? '✓' : outcome === 'races' ? '✗' : '?'} ${tool}: ${said}`,
    ),
    'Next:',
    ...steps.map((step) => `  ${step}`),
    '',
  ].join('\n');
}

export function count(n: number, what: string): string {
  return `${String(n)} ${what}${n === 1 ? '' : 's'}`;
}
