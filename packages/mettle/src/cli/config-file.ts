import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { isAbsolute, join, relative, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { UsageError } from '../evidence/index.ts';
import { BENCH_OPTIONS } from './bench-options.ts';
import type { CommandOptions, ExtraValues } from './options.ts';
import { parseOptions } from './options.ts';
import { RACE_OPTIONS } from './race-options.ts';

const NAMES = ['mettle.config.ts', 'mettle.config.js', 'mettle.config.mjs', 'mettle.config.json'] as const;
/** Keys of a workload; a config that holds calls is one. */
const WORKLOAD_KEYS = ['setup', 'calls', 'sessions', 'replies', 'state'] as const;

export interface ConfigFile {
  readonly file: string;
  readonly options: CommandOptions;
  /** The workload that the config holds itself, as a workload document; null when it holds none. */
  readonly workload: Readonly<Record<string, unknown>> | null;
}

/** Options that name a file, which is meant from where the config stands. */
const FILES = ['workload', 'config', 'out', 'save', 'against', 'history'] as const;

/**
 * The mettle.config of `directory`, or null; the files that it names as they are named from `base`. Throws UsageError when
 * it cannot be loaded or holds an unknown option.
 */
export async function readConfigFile(directory: string, base: string): Promise<ConfigFile | null> {
  const file = NAMES.map((name) => join(directory, name)).find((path) => existsSync(path));
  if (file === undefined) return null;
  const content = await load(file);
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw new UsageError(`${file} must export one object with options; what it exports is none.`);
  const { schema: _, $schema: __, ...given } = content as Record<string, unknown>;
  const entries = namedFrom(given, relative(base, directory));
  const workload = Object.fromEntries(
    Object.entries(entries).filter(([key]) => (WORKLOAD_KEYS as readonly string[]).includes(key)),
  );
  const words = Object.entries(entries).flatMap(([key, value]) =>
    (WORKLOAD_KEYS as readonly string[]).includes(key) ? [] : wordsOf(file, key, value),
  );
  const command = entries['command'];
  return {
    file,
    options: optionsIn(file, Array.isArray(command) ? [...words, '--', ...command.map(String)] : words, {
      ...BENCH_OPTIONS,
      ...RACE_OPTIONS,
      // A recording (true), or a schedule of mettle race (its token).
      ...(entries['replay'] === true ? { replay: { type: 'boolean' as const } } : {}),
    }),
    workload:
      Object.keys(workload).length === 0 ? null : { schema: 'mettle/workload@1', calls: [], ...workload },
  };
}

/** Nobody typed these words: what is wrong with one is wrong in the file. */
function optionsIn(file: string, ...given: Parameters<typeof parseOptions>): CommandOptions {
  try {
    return parseOptions(...given);
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${file}: ${error.message}`) : error;
  }
}

function namedFrom(
  entries: Readonly<Record<string, unknown>>,
  way: string,
): Readonly<Record<string, unknown>> {
  const named = FILES.flatMap((key) => {
    const value = entries[key];
    return typeof value !== 'string' || isAbsolute(value) ? [] : [[key, join(way, value)] as const];
  });
  return { ...entries, ...Object.fromEntries(named) };
}

/** Whether the options name a target. */
function namesTarget({ command, http, module, config }: CommandOptions): boolean {
  return command.length > 0 || http !== undefined || module !== undefined || config !== undefined;
}

/**
 * What was typed, with the target of the mettle.config where none was: for commands that take nothing else from it, such as
 * where a run is kept. A target that was typed is meant as it stands.
 */
export async function withConfiguredTarget(typed: CommandOptions, base: string): Promise<CommandOptions> {
  if (namesTarget(typed)) return typed;
  const file = await readConfigFile(resolve(base, typed.cwd ?? '.'), base);
  if (file === null) return typed;
  const { command, http, module, config, server, env, header, cwd, era } = mergeOptions(typed, file.options);
  return { ...typed, command, http, module, config, server, env, header, cwd, era };
}

/** What was typed, filled up with what the config says. */
export function mergeOptions(typed: CommandOptions, config: CommandOptions): CommandOptions {
  const target = namesTarget(typed) ? typed : config;
  return {
    tool: typed.tool.length > 0 ? typed.tool : config.tool,
    workload: typed.workload ?? config.workload,
    allowWrites: typed.allowWrites || config.allowWrites,
    budgetSeconds: typed.budgetSeconds ?? config.budgetSeconds,
    seconds: typed.seconds ?? config.seconds,
    alwaysOn: typed.alwaysOn || config.alwaysOn,
    format: typed.format.length > 0 ? typed.format : config.format,
    out: typed.out ?? config.out,
    failOn: typed.failOn ?? config.failOn,
    seed: typed.seed ?? config.seed,
    env: { ...config.env, ...typed.env },
    header: { ...config.header, ...typed.header },
    cwd: typed.cwd ?? config.cwd,
    quiet: typed.quiet || config.quiet,
    era: typed.era ?? config.era,
    http: target.http,
    module: target.module,
    config: target.config,
    server: target.server,
    help: typed.help,
    extra: { ...config.extra, ...defined(typed.extra) },
    command: target.command,
    positionals: typed.positionals,
  };
}

function defined(values: ExtraValues): ExtraValues {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined));
}

async function load(file: string): Promise<unknown> {
  try {
    if (file.endsWith('.json')) return JSON.parse(await readFile(file, 'utf8'));
    return defaultOf(await importScript(file));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ERR_UNKNOWN_FILE_EXTENSION')
      throw new UsageError(
        `${file}: this Node (${process.version}) does not run TypeScript; use Node 22.18 or newer, install tsx in that project, or rename it to mettle.config.js.`,
      );
    throw new UsageError(`${file} cannot be loaded: ${message}`);
  }
}

interface Exports {
  readonly default?: unknown;
}

/** Runs a script; TypeScript, where this Node does not erase types itself, by the project's own tsx. */
async function importScript(file: string): Promise<Exports> {
  const { href } = pathToFileURL(file);
  try {
    return (await import(href)) as Exports;
  } catch (error) {
    const tsx = (error as NodeJS.ErrnoException).code === 'ERR_UNKNOWN_FILE_EXTENSION' ? tsxOf(file) : null;
    if (tsx === null) throw error;
    const { tsImport } = (await import(tsx)) as {
      tsImport(url: string, from: { readonly parentURL: string }): Promise<Exports>;
    };
    return await tsImport(href, { parentURL: href });
  }
}

function tsxOf(file: string): string | null {
  try {
    // What require() would have is another build, beside the one for import.
    return pathToFileURL(
      createRequire(file)
        .resolve('tsx/esm/api')
        .replace(/\.cjs$/, '.mjs'),
    ).href;
  } catch {
    return null;
  }
}

/** In a package that is no ES module, tsx gives what CommonJS exports: its default is one further in. */
function defaultOf({ default: given }: Exports): unknown {
  return typeof given === 'object' && given !== null && '__esModule' in given && 'default' in given
    ? given.default
    : given;
}

/** The words that would say the same on the command line: `{ allowWrites: true }` → `--allow-writes`. */
function wordsOf(file: string, key: string, value: unknown): readonly string[] {
  if (key === 'command') {
    if (Array.isArray(value) && value.length > 0 && value.every((word) => typeof word === 'string'))
      return [];
    throw new UsageError(`${file}: "command" must be an array of words, such as ["node", "server.js"].`);
  }
  const option = `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (value === true) return [option];
  if (value === false || value === undefined || value === null) return [];
  if (typeof value === 'string' || typeof value === 'number') return [option, String(value)];
  if (Array.isArray(value)) return value.flatMap((one) => [option, String(one)]);
  if (key === 'env')
    return Object.entries(value).flatMap(([name, one]) => [option, `${name}=${String(one)}`]);
  if (key === 'header')
    return Object.entries(value).flatMap(([name, one]) => [option, `${name}: ${String(one)}`]);
  throw new UsageError(`${file}: "${key}" must be text, a number, true, false or a list of texts.`);
}
