import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { isSecretName, redactCommand, UsageError } from '../evidence/index.ts';
import { BASELINE_FILE, CONFIG_FILE, configText, WORKLOAD_FILE, workloadText } from './config-files.ts';
import { changeOf, editOf, type Change } from './changes.ts';
import type { InitTarget } from './find-target.ts';
import type { Look } from './look.ts';
import { memoryLine } from './memory-line.ts';
import type { Project } from './project.ts';
import { raceTests, type RaceTest } from './race-tests.ts';
import { isOfInit, workflowText } from './workflow.ts';

/** Everything that init would do, before it does any of it. */
export interface SetUp {
  readonly changes: readonly Change[];
  readonly raceTests: readonly RaceTest[];
  /** Where the baseline belongs; null where there is one already, or none is wanted. */
  readonly baseline: string | null;
  /** The memory log in the server's entry: asked for by itself. */
  readonly memory: Change | null;
  /** What a person should know: what is not set up, and why. */
  readonly notes: readonly string[];
}

interface SetUpOptions {
  /** The config that is there already, whatever its form; null when there is none. */
  readonly config: string | null;
  readonly baseline: boolean;
  /** Whether the memory log is asked for, or may be. */
  readonly memory: boolean;
}

/** Works out the set-up. Writes nothing. Throws UsageError where a secret would be written down. */
export function setUpOf(project: Project, spec: InitTarget, look: Look, options: SetUpOptions): SetUp {
  const { folder } = project;
  const notes: string[] = [];
  const target = withoutSecrets(spec, notes);
  const hasWorkload = look.calls.length > 0;
  if (!hasWorkload)
    notes.push(
      'No tool says that it only reads (readOnlyHint), so there is no workload: only tools/list is measured.',
    );
  const tests = raceTests(project, target, look);
  if (spec.command === null && look.writers.length > 0)
    notes.push(
      'No tests of races: Mettle has to start the server itself, on a copy. Give its command after "--".',
    );
  if (tests.length > 0 && project.runnerNote !== null) notes.push(`${project.runnerNote}.`);
  const hasBaseline = existsSync(join(folder, BASELINE_FILE));
  const changes = [
    ...configChange(project, target, hasWorkload, options),
    ...(hasWorkload ? [changeOf(folder, WORKLOAD_FILE, workloadText(look.calls))] : []),
    ...tests.map(({ file, content }) => changeOf(folder, file, content)),
    ...workflowChange(
      project,
      { baseline: options.baseline || hasBaseline, raceTests: tests.length > 0 },
      notes,
    ),
  ];
  const line = memoryLine(project, spec.command);
  if ('why' in line) {
    if (!line.isThere) notes.push(`No memory log: ${line.why}.`);
  } else if (!options.memory) notes.push(`${line.file} does not log its memory: --memory-log adds that.`);
  return {
    changes,
    raceTests: tests,
    baseline: options.baseline && !hasBaseline ? BASELINE_FILE : null,
    memory: 'why' in line || !options.memory ? null : editOf(folder, line.file, line.before, line.after),
    notes,
  };
}

/** A config of another form is the user's own, and says the same or more. */
function configChange(
  project: Project,
  target: InitTarget,
  hasWorkload: boolean,
  { config }: SetUpOptions,
): readonly Change[] {
  if (config !== null && config !== join(project.folder, CONFIG_FILE)) return [];
  return [changeOf(project.folder, CONFIG_FILE, configText(target, hasWorkload))];
}

function workflowChange(
  project: Project,
  has: { readonly baseline: boolean; readonly raceTests: boolean },
  notes: string[],
): readonly Change[] {
  const { ci, folder } = project;
  const file = ci.ours !== null && isOfInit(ci.ours) ? ci.ours : ci.file;
  if (ci.ours !== null && ci.ours !== file) {
    notes.push(`No CI job: ${ci.ours} runs Mettle already.`);
    return [];
  }
  if (ci.other !== null) {
    notes.push(`No CI job: the project has ${ci.other}; docs/guide/init.md lists the commands of the job.`);
    return [];
  }
  // GitHub reads workflows at the top of the repository only.
  const fromHere = relative(folder, join(ci.root, file)).split(sep).join('/');
  return [changeOf(folder, fromHere, workflowText(project, has, file), ci.root)];
}

/** The target as it may be committed. */
function withoutSecrets(spec: InitTarget, notes: string[]): InitTarget {
  if (spec.command !== null && redactCommand(spec.command).join(' ') !== spec.command.join(' '))
    throw new UsageError(
      'The command holds what looks like a secret, which would be written into mettle.config.json: let the server read it from the environment.',
    );
  const secrets = Object.keys(spec.env).filter((name) => isSecretName(name));
  if (secrets.length > 0)
    notes.push(
      `Not written down, since the names are those of secrets: ${secrets.join(', ')}. Set them in the environment, and in CI.`,
    );
  if (spec.kind === 'http' && Object.keys(spec.headers).length > 0)
    notes.push('Headers are not written down: pass them with --header.');
  const env = Object.fromEntries(Object.entries(spec.env).filter(([name]) => !isSecretName(name)));
  return spec.kind === 'http' ? { ...spec, env, headers: {} } : { ...spec, env };
}
