import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { redactCommand, redactText, UsageError } from '../../evidence/index.ts';
import { serveOnHttp, serveOnStdio } from '../../mcp/index.ts';
import type { AllowedTarget } from '../../mcp/index.ts';
import { namesInClientConfig } from '../../run/index.ts';
import { withConfiguredTarget } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { MCP_HELP } from '../mcp-help.ts';
import { numberOf, parseOptions } from '../options.ts';
import type { CommandOptions } from '../options.ts';
import { targetOf } from '../target.ts';
import { VERSION } from '../version.ts';

const EXTRA = { listen: { type: 'string' } } as const;
const BIN = fileURLToPath(new URL('../../../bin/mettle.js', import.meta.url));

/** `mettle mcp`: the examinations as tools of an MCP server. Only what this command line names may be examined. */
export async function mcpCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  const typed = parseOptions(argv, EXTRA);
  if (typed.help) {
    host.stdout.write(MCP_HELP);
    return EXIT.ok;
  }
  // Clients start servers in folders of their own choice, and a config is a program: it is read where a person named its folder.
  const options = typed.cwd === undefined ? typed : await withConfiguredTarget(typed, host.cwd);
  const targets = await allowedTargets(options, host);
  const port = numberOf(
    '--listen',
    options.extra['listen'] as string | undefined,
    (n) => Number.isInteger(n) && n >= 0 && n <= 65_535,
    'a port from 0 to 65535',
  );
  const served = {
    version: VERSION,
    commandLine: [process.execPath, BIN] as const,
    targets,
    allowWrites: options.allowWrites,
    cwd: host.cwd,
  };
  if (port === undefined) await serveOnStdio(served, host.signal);
  else
    await serveOnHttp(served, port, host.signal, (url) => {
      if (!options.quiet) host.stderr.write(`mettle mcp: listening at ${url}; Ctrl-C ends it.\n`);
    });
  return EXIT.ok;
}

/** Every server of a client's config file, or the one target of the command line. */
async function allowedTargets(options: CommandOptions, host: Host): Promise<readonly AllowedTarget[]> {
  const { config, server } = options;
  if (config === undefined || server !== undefined) return [await targetFor(options, host, server ?? null)];
  const file = resolve(host.cwd, config);
  const names = await namesInClientConfig(file);
  if (names.length === 0) throw new UsageError(`${config} has no server to examine.`);
  return Promise.all(names.map((name) => targetFor({ ...options, server: name }, host, name)));
}

async function targetFor(options: CommandOptions, host: Host, name: string | null): Promise<AllowedTarget> {
  const { spec } = await targetOf(options, host.cwd, host.env);
  const describes =
    spec.kind === 'http'
      ? redactText(spec.url)
      : spec.kind === 'module'
        ? `module ${spec.file}`
        : redactCommand(spec.command).join(' ');
  const startsNothing = spec.kind === 'http' && spec.command === null;
  return {
    name: name ?? 'server',
    describes,
    options: wordsOf(options),
    command: options.command,
    cwd: startsNothing ? null : spec.cwd,
  };
}

/** The options that name the target, for a command line of its own; they stay on this machine. */
function wordsOf(options: CommandOptions): string[] {
  const { cwd, env, header, era, http, module, config, server, workload } = options;
  const single = { cwd, era, http, module, config, server, workload };
  return [
    ...Object.entries(single).flatMap(([name, value]) => (value === undefined ? [] : [`--${name}=${value}`])),
    ...Object.entries(env).map(([name, value]) => `--env=${name}=${value}`),
    ...Object.entries(header).map(([name, value]) => `--header=${name}: ${value}`),
  ];
}
