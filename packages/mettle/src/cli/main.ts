import { UsageError } from '../evidence/index.ts';
import { EXIT } from './exit-codes.ts';
import { HELP } from './help.ts';
import type { Host } from './host.ts';
import { VERSION } from './version.ts';

type Command = (argv: readonly string[], host: Host) => Promise<number>;

/** Each loads what it needs: all of it together takes a second of a small machine's time before anything is done. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  check: () => examination('check'),
  profile: () => examination('profile'),
  bench: async () => (await import('./commands/bench.ts')).benchCommand,
  leak: async () => (await import('./commands/leak.ts')).leakCommand,
  race: async () => (await import('./commands/race.ts')).raceCommand,
  attach: async () => (await import('./commands/attach.ts')).attachCommand,
  probe: async () => (await import('./commands/probe.ts')).probeCommand,
  watch: async () => (await import('./commands/watch.ts')).watchCommand,
  record: async () => (await import('./commands/record.ts')).recordCommand,
  init: async () => (await import('./commands/init.ts')).initCommand,
  mcp: async () => (await import('./commands/mcp.ts')).mcpCommand,
  report: async () => (await import('./commands/report.ts')).report,
};

async function examination(name: 'check' | 'profile'): Promise<Command> {
  const { examineCommand } = await import('./commands/examine.ts');
  return (argv, host) => examineCommand(name, argv, host);
}

/**
 * Runs one command line; never throws. One catch, one exit table, but for `record`, which ends as the server does.
 * `prepare` is done before a command, and only then.
 */
export async function main(
  argv: readonly string[],
  host: Host,
  prepare: () => Promise<void> = () => Promise.resolve(),
): Promise<number> {
  const [name, ...rest] = argv;
  try {
    if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
      host.stdout.write(HELP);
      return name === undefined ? EXIT.usage : EXIT.ok;
    }
    if (name === '--version' || name === '-v') {
      host.stdout.write(`${VERSION}\n`);
      return EXIT.ok;
    }
    const load = COMMANDS[name];
    if (load !== undefined) {
      await prepare();
      return await (
        await load()
      )(rest, host);
    }
    throw new UsageError(
      `"${name}" is no command; there are: ${Object.keys(COMMANDS).join(', ')}. To examine a server: mettle check -- node server.js`,
    );
  } catch (error) {
    if (error instanceof UsageError) {
      host.stderr.write(`mettle: ${error.message}\n`);
      return EXIT.usage;
    }
    const { TargetError } = await import('../run/index.ts');
    if (error instanceof TargetError) {
      host.stderr.write(`mettle: ${error.message}\n`);
      return EXIT.target;
    }
    host.stderr.write(ourBug(error));
    return EXIT.internal;
  }
}

/** What is said of an error that nobody expected. */
export function ourBug(error: unknown): string {
  const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `mettle: this is a bug in Mettle ${VERSION}, not in your server; please report it with these lines:\n${trace}\n`;
}
