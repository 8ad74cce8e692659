import { redactCommand, UsageError } from '../../evidence/index.ts';
import { attachAndWatch, attachToMemory } from '../../run/index.ts';
import type { Progress } from '../../run/index.ts';
import { checkBar, conclude } from '../conclusion.ts';
import { mergeOptions, readConfigFile } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { HELP } from '../help.ts';
import type { Host } from '../host.ts';
import { checkPlace } from '../keeping-place.ts';
import { parseOptions } from '../options.ts';
import type { CommandOptions } from '../options.ts';
import { formatsOf } from '../output.ts';
import { progressView } from '../progress.ts';
import { shellQuote } from '../shell-quote.ts';
import { VERSION } from '../version.ts';
import { ATTACH_OPTIONS, memoryAsked } from './attach-options.ts';

/** Long enough for a few hundred calls of a server in use, short enough to be tried at once. */
const DEFAULT_SECONDS = 10;
/** What happens seldom is what this form is for; Ctrl-C ends it earlier and keeps what was seen. */
const DEFAULT_SECONDS_ALWAYS_ON = 3600;
/** A server in use collects all its garbage every few seconds or minutes. */
const DEFAULT_SECONDS_MEMORY = 60;

/** `mettle attach PID`: profiles a server that is already running, or watches its memory, as its clients use it, and leaves it as it was. */
export async function attachCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  const typed = parseOptions(argv, ATTACH_OPTIONS);
  if (typed.help) {
    host.stdout.write(HELP);
    return EXIT.ok;
  }
  const pid = pidOf(typed);
  refuseOptionsOfOthers(typed);
  const config = await readConfigFile(host.cwd, host.cwd);
  const options = config === null ? typed : mergeOptions(typed, config.options);
  const formats = formatsOf(options.format);
  const memory = memoryAsked(options);
  checkBar(options, memory === null ? 'attach' : 'attach --memory');
  checkPlace(host.cwd, options.out);
  const progress = progressView(host, options.quiet);
  const usual =
    memory !== null ? DEFAULT_SECONDS_MEMORY : options.alwaysOn ? DEFAULT_SECONDS_ALWAYS_ON : DEFAULT_SECONDS;
  const request = {
    pid,
    durationMs: (options.seconds ?? usual) * 1000,
    command: shellQuote(['mettle', 'attach', ...redactCommand(argv)]),
    mettle: VERSION,
    signal: host.signal,
    onProgress: (now: Progress) => progress.show(now),
  };
  const examined = await (
    memory === null
      ? attachAndWatch({ ...request, alwaysOn: options.alwaysOn })
      : attachToMemory({
          ...request,
          ...memory,
          // What is done to a server in use is said even where progress is not.
          onWarning: (sentence) => host.stderr.write(`mettle: ${sentence}\n`),
        })
  ).finally(() => progress.end());
  return conclude(host, options, examined, formats);
}

function pidOf({ positionals }: CommandOptions): number {
  const [text, ...more] = positionals;
  if (text === undefined || more.length > 0)
    throw new UsageError(
      'mettle attach takes one process number: that of the server, as "pgrep -f server.js" or your container shows it.',
    );
  // 1 is the server of a container; 0 and negative numbers are groups of processes to the system.
  if (!/^[1-9]\d{0,9}$/.test(text))
    throw new UsageError(`mettle attach takes a process number; "${text}" is none.`);
  return Number(text);
}

function refuseOptionsOfOthers(typed: CommandOptions): void {
  const given: readonly (readonly [string, boolean])[] = [
    ['a command after "--"', typed.command.length > 0],
    ['--http', typed.http !== undefined],
    ['--module', typed.module !== undefined],
    ['--config', typed.config !== undefined],
    ['--server', typed.server !== undefined],
    ['--tool', typed.tool.length > 0],
    ['--workload', typed.workload !== undefined],
    ['--allow-writes', typed.allowWrites],
    ['--budget', typed.budgetSeconds !== undefined],
    ['--seed', typed.seed !== undefined],
    ['--env', Object.keys(typed.env).length > 0],
    ['--header', Object.keys(typed.header).length > 0],
    ['--era', typed.era !== undefined],
    ['--cwd', typed.cwd !== undefined],
  ];
  const [first] = given.flatMap(([name, there]) => (there ? [name] : []));
  if (first !== undefined)
    throw new UsageError(
      `mettle attach starts and calls nothing, so ${first} has no meaning for it; it takes --seconds, --always-on, --memory (--snapshot, --collect, --accept-pause), --format, --out, --fail-on and --quiet.`,
    );
}
