import { statSync } from 'node:fs';
import { resolve } from 'node:path';
import { isSecretName, redactCommand, redactText, UsageError } from '../evidence/index.ts';
import type { TargetSpec } from '../evidence/index.ts';
import { readClientConfig } from '../run/index.ts';
import type { Host } from './host.ts';
import type { CommandOptions } from './options.ts';
import { shellQuote } from './shell-quote.ts';

/** The target that the options name. Throws UsageError when they name none, or two. */
export async function targetOf(
  options: CommandOptions,
  base: string,
  env: Host['env'],
): Promise<{ readonly spec: TargetSpec; readonly targetArguments: string }> {
  const cwd = resolve(base, options.cwd ?? '.');
  if (options.cwd !== undefined && statSync(cwd, { throwIfNoEntry: false })?.isDirectory() !== true)
    throw new UsageError(
      `The working directory ${cwd} does not exist or is no folder: give another with --cwd.`,
    );
  const spec = await specOf(options, base, cwd, env);
  return { spec, targetArguments: argumentsOf(options) };
}

async function specOf(
  options: CommandOptions,
  base: string,
  cwd: string,
  hostEnv: Host['env'],
): Promise<TargetSpec> {
  const { command, env, header, http, module, config, server } = options;
  const [program, ...args] = command;
  if (module !== undefined) {
    if (http !== undefined || program !== undefined || config !== undefined)
      throw new UsageError('--module names the target already: leave out --http, --config and "-- COMMAND".');
    const hash = module.lastIndexOf('#');
    const file = hash < 0 ? module : module.slice(0, hash);
    return {
      kind: 'module',
      file: resolve(cwd, file),
      exportName: hash < 0 ? null : module.slice(hash + 1),
      env,
      cwd,
    };
  }
  if (config !== undefined) {
    if (http !== undefined || program !== undefined)
      throw new UsageError('--config names the target already: leave out --http and "-- COMMAND".');
    if (server === undefined)
      throw new UsageError(`--config needs --server NAME: which entry of ${config} to examine.`);
    const spec = await readClientConfig(resolve(base, config), server, {
      env: hostEnv,
      given: { env, headers: header },
      ...(options.cwd === undefined ? {} : { cwd }),
    });
    const extra = { ...spec.env, ...env };
    return spec.kind === 'http'
      ? { ...spec, env: extra, headers: { ...spec.headers, ...header } }
      : { ...spec, env: extra };
  }
  if (http !== undefined) {
    checkUrl(http);
    return {
      kind: 'http',
      url: http,
      headers: header,
      command: program === undefined ? null : [program, ...args],
      env,
      cwd,
    };
  }
  if (program !== undefined) {
    if (Object.keys(header).length > 0)
      throw new UsageError('--header is for servers reached over HTTP: give --http URL as well.');
    return { kind: 'stdio', command: [program, ...args], env, cwd };
  }
  throw new UsageError(
    'No target: name one as "-- COMMAND ARGS…", "--http URL", "--http URL -- COMMAND ARGS…", "--module FILE#EXPORT", or "--config FILE --server NAME".',
  );
}

function checkUrl(text: string): void {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw new UsageError(
      `--http takes a URL such as http://localhost:3000/mcp; "${redactText(text)}" is none.`,
    );
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:')
    throw new UsageError(`--http takes an http:// or https:// URL; "${redactText(text)}" is neither.`);
}

/** The target's part of the command line, with secrets redacted, as it can be typed again. */
function argumentsOf(options: CommandOptions): string {
  const words: string[] = [];
  if (options.cwd !== undefined) words.push('--cwd', options.cwd);
  for (const [name, value] of Object.entries(options.env))
    words.push('--env', `${name}=${isSecretName(name) ? '***' : redactText(value)}`);
  for (const [name, value] of Object.entries(options.header))
    words.push('--header', `${name}: ${isSecretName(name) ? '***' : redactText(value)}`);
  if (options.era !== undefined) words.push('--era', options.era);
  if (options.http !== undefined) words.push('--http', redactText(options.http));
  if (options.module !== undefined) words.push('--module', options.module);
  if (options.config !== undefined) words.push('--config', options.config);
  if (options.server !== undefined) words.push('--server', options.server);
  if (options.workload !== undefined) words.push('--workload', options.workload);
  if (options.allowWrites) words.push('--allow-writes');
  if (options.command.length > 0) words.push('--', ...redactCommand(options.command));
  return shellQuote(words);
}
