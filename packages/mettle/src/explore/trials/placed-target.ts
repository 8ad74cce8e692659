import { existsSync, statSync } from 'node:fs';
import { basename, dirname, isAbsolute, resolve } from 'node:path';
import { UsageError, type TargetSpec } from '../../evidence/index.ts';
import type { WorkingCopy } from './working-copy.ts';

/** Options of node that take the next word with them. */
const WITH_VALUE = /^(-r|--require|--import|--loader|--experimental-loader|-C|--conditions|--env-file)$/;
/** Values of the environment that say where programs are, not where data is. */
const NO_DATA = /^(PATH|NODE_PATH|NODE_OPTIONS|SHELL|NODE_EXTRA_CA_CERTS)$/i;

/** A command of the form `node [options] SCRIPT [arguments]`. */
export interface NodeCommand {
  readonly node: string;
  readonly options: readonly string[];
  readonly script: string;
  readonly args: readonly string[];
}

/**
 * The target as it is started for trials: in the working copy, its program still found where it was, `{dir}` filled
 * in. Throws UsageError when the command or the environment would lead the server to files that are no copy.
 */
export function placeTarget(spec: TargetSpec, copy: WorkingCopy): TargetSpec {
  const own = Object.fromEntries(
    Object.entries(spec.env).map(([name, value]) => [name, fillIn(value, copy.dir)]),
  );
  for (const [name, value] of Object.entries(own))
    if (!NO_DATA.test(name) && !(name in copy.env)) refuseOwnData(value, `${name}=${value}`, copy);
  const env = { ...own, ...copy.env };
  if (spec.kind === 'module') return { ...spec, file: resolve(spec.cwd, spec.file), env, cwd: copy.dir };
  if (spec.kind === 'http' && spec.command === null)
    throw new UsageError(
      `The server at ${spec.url} runs already, on its own data: to race its tools Mettle has to start it on a copy, so give its command too.`,
    );
  const command = spec.command === null ? null : placeCommand(spec.command, spec.cwd, copy);
  return { ...spec, command, env, cwd: copy.dir } as TargetSpec;
}

/** The parts of a command that starts a script with Node; null for any other (npx, a shell, a binary). */
export function asNodeCommand(command: readonly string[]): NodeCommand | null {
  const [node = '', ...words] = command;
  if (!/^node(js)?(\.exe)?$/.test(basename(node))) return null;
  for (let i = 0; i < words.length; i++) {
    const word = words[i] ?? '';
    if (/^(-e|--eval|-p|--print|-)$/.test(word)) return null;
    if (WITH_VALUE.test(word)) i += 1;
    else if (!word.startsWith('-'))
      return { node, options: words.slice(0, i), script: word, args: words.slice(i + 1) };
  }
  return null;
}

/** `{dir}` in every string of a value. */
export function fillIn<T>(value: T, directory: string): T {
  if (typeof value === 'string') return value.replaceAll('{dir}', directory) as T;
  if (Array.isArray(value)) return value.map((each) => fillIn(each as unknown, directory)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, each]) => [name, fillIn(each as unknown, directory)]),
  ) as T;
}

function placeCommand(
  command: readonly [string, ...string[]],
  cwd: string,
  copy: WorkingCopy,
): readonly [string, ...string[]] {
  const [program, ...words] = command;
  const placed = placeProgram(program, cwd);
  const node = asNodeCommand(command);
  if (node === null) return [placed, ...words.map((word) => placeArgument(word, copy))];
  return [
    placed,
    ...node.options.map((option) => placeFile(option, cwd)),
    placeFile(node.script, cwd),
    ...node.args.map((word) => placeArgument(word, copy)),
  ];
}

/** `./server` is meant where the user stands; `node` is looked for in PATH. */
function placeProgram(program: string, cwd: string): string {
  return /[\\/]/.test(program) && !isAbsolute(program) ? resolve(cwd, program) : program;
}

function placeFile(word: string, cwd: string): string {
  const equals = /^(--[\w-]+=)(\.{1,2}[\\/].*)$/.exec(word);
  if (equals !== null) return `${equals[1] ?? ''}${resolve(cwd, equals[2] ?? '')}`;
  if (isAbsolute(word) || word.startsWith('-')) return word;
  const full = resolve(cwd, word);
  return existsSync(full) || existsSync(`${full}.js`) ? full : word;
}

/** Words after the program are its own: relative ones are meant in the working copy from now on. */
function placeArgument(word: string, copy: WorkingCopy): string {
  const filled = fillIn(word, copy.dir);
  refuseOwnData(filled, word, copy);
  return filled;
}

function refuseOwnData(value: string, shown: string, copy: WorkingCopy): void {
  const path = value.replace(/^--?[\w-]+=/, '').replace(/^file:\/\//, '');
  if (!isAbsolute(path) || path.startsWith(copy.root)) return;
  if (!isData(path)) return;
  throw new UsageError(
    `${shown} names ${path}, which is no copy, and races are only run on copies: name the working copy as {dir}, or give the workload a "state" to copy.`,
  );
}

/** Programs and their modules are no data; what does not exist would be made, and be no copy either. */
function isData(path: string): boolean {
  const seen = statSync(path, { throwIfNoEntry: false });
  if (seen === undefined) return dirname(path) !== dirname(dirname(path)) && existsSync(dirname(path));
  if (seen.isDirectory()) return dirname(path) !== path;
  return seen.isFile() && (seen.mode & 0o111) === 0 && !/\.([cm]?[jt]sx?|node|wasm|pem|crt|so)$/.test(path);
}
