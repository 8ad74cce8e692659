import { statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { extname } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { UsageError, type TargetSpec } from '../evidence/index.ts';
import { openStdio } from './open-stdio.ts';
import { TargetError, type OpenOptions, type OpenSession } from './session.ts';

type ModuleSpec = Extract<TargetSpec, { readonly kind: 'module' }>;
/** How module-host.ts begins the one line that tells why it could not serve. */
const HOST_MARKS: readonly { readonly mark: string; readonly usage: boolean }[] = [
  { mark: 'mettle-usage: ', usage: true },
  { mark: 'mettle-fault: ', usage: false },
];

/** How a program of ours that loads the module is started. Throws UsageError for a file that cannot be meant. */
export function moduleCommand(
  spec: ModuleSpec,
  program: 'module-host' | 'module-bench-host' | 'module-trial-host',
): readonly [string, ...string[]] {
  if (statSync(spec.file, { throwIfNoEntry: false })?.isFile() !== true)
    throw new UsageError(
      `The module ${spec.file} does not exist or is no file: check the path given with --module.`,
    );
  return [
    process.execPath,
    ...typeScriptOptions(spec.file),
    programFile(program),
    spec.file,
    spec.exportName ?? '',
  ];
}

/** How a module is served so that its factory can be asked for another server on `mettle/begin-anew`. */
export function factoryTrialCommand(spec: ModuleSpec): readonly [string, ...string[]] {
  const [node, ...words] = moduleCommand(spec, 'module-trial-host');
  return [node, ...words.slice(0, -2), 'factory', ...words.slice(-2)];
}

/** How `node OPTIONS SCRIPT ARGS` is run so that the script can be imported once more on `mettle/begin-anew`. */
export function reimportTrialCommand(
  node: string,
  options: readonly string[],
  script: string,
  args: readonly string[],
): readonly [string, ...string[]] {
  return [node, ...options, programFile('module-trial-host'), 'reimport', script, ...args];
}

/** Serves a module's factory from a process of its own, over stdio. */
export async function openModule(spec: ModuleSpec, options: OpenOptions): ReturnType<OpenSession> {
  const command = moduleCommand(spec, 'module-host');
  try {
    return await openStdio({ kind: 'stdio', command, env: spec.env, cwd: spec.cwd }, options);
  } catch (error) {
    if (error instanceof TargetError) throw moduleWords(error);
    throw error;
  }
}

/** The error in the words of the program that serves the module, where it said why it could not. */
export function moduleWords(error: TargetError): Error {
  for (const line of error.reach.failed?.stderrTail.toReversed() ?? []) {
    for (const { mark, usage } of HOST_MARKS) {
      if (!line.startsWith(mark)) continue;
      const message = line.slice(mark.length);
      if (usage) return new UsageError(message);
      const failed = error.reach.failed === null ? null : { ...error.reach.failed, message };
      return new TargetError(message, error.phase, { ...error.reach, failed });
    }
  }
  return error;
}

/** What node needs to run a TypeScript file: tsx where the project has it, nothing where this Node strips types itself. */
function typeScriptOptions(file: string): readonly string[] {
  if (!/\.[cm]?tsx?$/.test(file)) return [];
  try {
    return ['--import', pathToFileURL(createRequire(file).resolve('tsx')).href];
  } catch {
    // Not installed there.
  }
  const stripsTypes = 'typescript' in process.features && Boolean(process.features.typescript);
  if (stripsTypes && !file.endsWith('x')) return [];
  throw new UsageError(
    `${file} is TypeScript, which this Node (${process.version}) does not run by itself: install tsx in that project, or give the compiled JavaScript file.`,
  );
}

/** Run from source (as tests do), the host still has to be JavaScript that any Node can run: the built one. */
function programFile(name: string): string {
  const fromSource = extname(fileURLToPath(import.meta.url)) === '.ts';
  return fileURLToPath(
    new URL(fromSource ? `../../dist/session/${name}.js` : `./${name}.js`, import.meta.url),
  );
}
