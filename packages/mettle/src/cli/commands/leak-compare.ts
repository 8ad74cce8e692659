import { resolve } from 'node:path';
import { redactCommand, UsageError } from '../../evidence/index.ts';
import { examineSnapshots } from '../../run/index.ts';
import { checkBar, conclude } from '../conclusion.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { HELP } from '../help.ts';
import type { Host } from '../host.ts';
import { checkPlace } from '../keeping-place.ts';
import { parseOptions } from '../options.ts';
import type { ExtraOptions } from '../options.ts';
import { formatsOf } from '../output.ts';
import { progressView } from '../progress.ts';
import { shellQuote } from '../shell-quote.ts';
import { VERSION } from '../version.ts';

const OPTIONS: ExtraOptions = { compare: { type: 'boolean' } };

/** Whether `mettle leak` was asked for a comparison: `--compare`, not as a word of the server's own command. */
export function asksForComparison(argv: readonly string[]): boolean {
  const end = argv.indexOf('--');
  return (end < 0 ? argv : argv.slice(0, end)).includes('--compare');
}

/** `mettle leak --compare BEFORE AFTER`: two heap snapshots from anywhere. */
export async function leakCompareCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  const options = parseOptions(argv, OPTIONS);
  if (options.help) {
    host.stdout.write(HELP);
    return EXIT.ok;
  }
  const formats = formatsOf(options.format);
  checkBar(options, 'leak');
  checkPlace(host.cwd, options.out);
  const [before, after, ...more] = options.positionals;
  if (before === undefined || after === undefined || more.length > 0)
    throw new UsageError(
      '--compare takes two heap snapshots, the earlier one first: mettle leak --compare before.heapsnapshot after.heapsnapshot',
    );
  if (options.command.length > 0 || options.http !== undefined || options.module !== undefined)
    throw new UsageError('--compare looks at two files only: leave the server out, or leave --compare out.');
  const cwd = resolve(host.cwd, options.cwd ?? '.');
  const progress = progressView(host, options.quiet);
  const examined = await examineSnapshots({
    before: resolve(cwd, before),
    after: resolve(cwd, after),
    cwd,
    command: shellQuote(['mettle', 'leak', ...redactCommand(argv)]),
    mettle: VERSION,
    signal: host.signal,
    onProgress: (now) => progress.show(now),
  }).finally(() => progress.end());
  return conclude(host, options, examined, formats);
}
