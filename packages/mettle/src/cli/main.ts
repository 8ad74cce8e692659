import { UsageError } from '../evidence/index.ts';
import { TargetError } from '../run/index.ts';
import { attachCommand } from './commands/attach.ts';
import { benchCommand } from './commands/bench.ts';
import { examineCommand } from './commands/examine.ts';
import { initCommand } from './commands/init.ts';
import { leakCommand } from './commands/leak.ts';
import { mcpCommand } from './commands/mcp.ts';
import { recordCommand } from './commands/record.ts';
import { raceCommand } from './commands/race.ts';
import { probeCommand } from './commands/probe.ts';
import { report } from './commands/report.ts';
import { EXIT } from './exit-codes.ts';
import { HELP } from './help.ts';
import type { Host } from './host.ts';
import { watchCommand } from './commands/watch.ts';
import { VERSION } from './version.ts';

type Command = (argv: readonly string[], host: Host) => Promise<number>;

const COMMANDS: Readonly<Record<string, Command>> = {
  check: (argv, host) => examineCommand('check', argv, host),
  profile: (argv, host) => examineCommand('profile', argv, host),
  bench: benchCommand,
  leak: leakCommand,
  race: raceCommand,
  attach: attachCommand,
  probe: probeCommand,
  watch: watchCommand,
  record: recordCommand,
  init: initCommand,
  mcp: mcpCommand,
  report,
};

/** Runs one command line; never throws. One catch, one exit table, but for `record`, which ends as the server does. */
export async function main(argv: readonly string[], host: Host): Promise<number> {
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
    const command = COMMANDS[name];
    if (command !== undefined) return await command(rest, host);
    throw new UsageError(
      `"${name}" is no command; there are: ${Object.keys(COMMANDS).join(', ')}. To examine a server: mettle check -- node server.js`,
    );
  } catch (error) {
    if (error instanceof UsageError) {
      host.stderr.write(`mettle: ${error.message}\n`);
      return EXIT.usage;
    }
    if (error instanceof TargetError) {
      host.stderr.write(`mettle: ${error.message}\n`);
      return EXIT.target;
    }
    const trace = error instanceof Error ? (error.stack ?? error.message) : String(error);
    host.stderr.write(
      `mettle: this is a bug in Mettle ${VERSION}, not in your server; please report it with these lines:\n${trace}\n`,
    );
    return EXIT.internal;
  }
}
