import { existsSync } from 'node:fs';
import { basename, isAbsolute, resolve } from 'node:path';
import { UsageError, type TargetSpec } from '../../evidence/index.ts';
import { isData, pathIn, pathInVariable, type GivenPath } from './given-data.ts';
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
 * in, and files and folders of the user's replaced by their copies. Throws UsageError when there is none.
 */
export function placeTarget(spec: TargetSpec, copy: WorkingCopy): TargetSpec {
  const own = Object.fromEntries(
    Object.entries(spec.env).map(([name, value]) => [name, placeVariable(name, value, spec.cwd, copy)]),
  );
  const env = { ...own, ...copy.env };
  if (spec.kind === 'module') return { ...spec, file: resolve(spec.cwd, spec.file), env, cwd: copy.dir };
  if (spec.kind === 'http' && spec.command === null)
    throw new UsageError(
      `The server at ${spec.url} runs already, on its own data: to race its tools Mettle has to start it on a copy, so give its command too.`,
    );
  const command = spec.command === null ? null : placeCommand(spec.command, spec.cwd, copy);
  return { ...spec, command, env, cwd: copy.dir } as TargetSpec;
}

/** The user's own files and folders in the arguments and variables of the server: each has to be copied. */
export function dataNamedBy(spec: TargetSpec): readonly GivenPath[] {
  const command = spec.kind === 'module' ? null : spec.command;
  const words = command === null ? [] : (asNodeCommand(command)?.args ?? command.slice(1));
  const found = [
    ...words.map((word) => ({ shown: word, at: pathIn(word, spec.cwd) })),
    ...Object.entries(spec.env)
      .filter(([name]) => !NO_DATA.test(name))
      .map(([name, value]) => ({ shown: `${name}=${value}`, at: pathInVariable(name, value, spec.cwd) })),
  ];
  return found.flatMap(({ shown, at }) => (at !== null && isData(at.path) ? [{ shown, path: at.path }] : []));
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
  if (node === null) return [placed, ...words.map((word) => placeArgument(word, cwd, copy))];
  return [
    placed,
    ...node.options.map((option) => placeFile(option, cwd)),
    placeFile(node.script, cwd),
    ...node.args.map((word) => placeArgument(word, cwd, copy)),
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

/** Words after the program are its own: files and folders that they name are meant in the working copy from now on. */
function placeArgument(word: string, cwd: string, copy: WorkingCopy): string {
  const found = pathIn(word, cwd);
  if (found === null) return fillIn(word, copy.dir);
  const { before, path } = found;
  return isData(path) ? `${before}${placeOf(path, copy)}` : existsSync(path) ? `${before}${path}` : word;
}

function placeVariable(name: string, value: string, cwd: string, copy: WorkingCopy): string {
  const found = NO_DATA.test(name) ? null : pathInVariable(name, value, cwd);
  if (found === null || !isData(found.path)) return fillIn(value, copy.dir);
  return `${found.before}${placeOf(found.path, copy)}`;
}

/** Never null for what `dataNamedBy` told of; but a race on what is no copy would be worse than none. */
function placeOf(path: string, copy: WorkingCopy): string {
  const place = path.startsWith(copy.root) ? path : copy.placeOf(path);
  if (place !== null) return place;
  throw new UsageError(
    `${path} is no copy, and races are only run on copies: name the working copy as {dir}.`,
  );
}
