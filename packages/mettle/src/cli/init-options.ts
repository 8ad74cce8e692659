import { resolve } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import { findStartCommand } from '../init/index.ts';
import type { InitTarget, Project } from '../init/index.ts';
import { readConfigFile } from './config-file.ts';
import type { Host } from './host.ts';
import { parseOptions } from './options.ts';
import type { CommandOptions, ExtraOptions } from './options.ts';
import { targetOf } from './target.ts';

const EXTRA: ExtraOptions = {
  'dry-run': { type: 'boolean' },
  yes: { type: 'boolean' },
  'memory-log': { type: 'boolean' },
  overwrite: { type: 'boolean' },
  'no-baseline': { type: 'boolean' },
};

export interface InitOptions {
  readonly help: boolean;
  readonly folder: string;
  readonly dryRun: boolean;
  readonly yes: boolean;
  readonly memoryLog: boolean;
  readonly overwrite: boolean;
  readonly baseline: boolean;
  readonly options: CommandOptions;
}

/** What `mettle init` was told. Throws UsageError for what it does not take. */
export function initOptions(argv: readonly string[], host: Host): InitOptions {
  const options = parseOptions(argv, EXTRA);
  const is = (name: string): boolean => options.extra[name] === true;
  const [stray] = options.positionals;
  if (stray !== undefined)
    throw new UsageError(
      `mettle init takes no "${stray}": name the server's command after "--", such as mettle init -- node server.js.`,
    );
  if (options.module !== undefined)
    throw new UsageError('mettle init sets up a server with a command or a URL: leave out --module.');
  if (is('yes') && is('dry-run'))
    throw new UsageError('--yes writes and --dry-run does not: give one of them.');
  return {
    help: options.help,
    folder: resolve(host.cwd, options.cwd ?? '.'),
    dryRun: is('dry-run'),
    yes: is('yes'),
    memoryLog: is('memory-log'),
    overwrite: is('overwrite'),
    baseline: !is('no-baseline'),
    options,
  };
}

/** How the server is reached, or the command by which that is found out; and the config that is there. */
export type InitStart =
  | { readonly spec: InitTarget; readonly from: string; readonly config: string | null }
  | {
      readonly command: readonly [string, ...string[]];
      readonly env: Readonly<Record<string, string>>;
      readonly from: string;
      readonly config: null;
    };

/** What was typed; else the config that is there; else what package.json says. */
export async function initStart(
  { folder, options }: InitOptions,
  project: Project,
  host: Host,
): Promise<InitStart> {
  const config = await readConfigFile(folder, host.cwd);
  const { command, http, config: clientConfig, env, header } = options;
  if (command.length > 0 || http !== undefined || clientConfig !== undefined) {
    const { spec } = await targetOf({ ...options, cwd: folder }, host.cwd, host.env);
    return { spec: known(spec), from: 'the command line', config: config?.file ?? null };
  }
  if (config !== null && (config.options.command.length > 0 || config.options.http !== undefined)) {
    const merged = { ...config.options, cwd: folder, env: { ...config.options.env, ...env }, header };
    const { spec } = await targetOf(merged, host.cwd, host.env);
    return { spec: known(spec), from: config.file, config: config.file };
  }
  if (config !== null)
    throw new UsageError(
      `${config.file} names no server that is started by a command or reached by a URL: name it, such as mettle init -- node server.js.`,
    );
  return { ...findStartCommand(project), env, config: null };
}

function known(spec: Awaited<ReturnType<typeof targetOf>>['spec']): InitTarget {
  if (spec.kind === 'module')
    throw new UsageError('mettle init sets up a server with a command or a URL, not a module.');
  return spec;
}
