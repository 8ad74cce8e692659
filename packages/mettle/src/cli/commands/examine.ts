import { resolve } from 'node:path';
import { redactCommand, UsageError } from '../../evidence/index.ts';
import { examine } from '../../run/index.ts';
import type { Examination } from '../../evidence/index.ts';
import { checkBar, conclude } from '../conclusion.ts';
import { mergeOptions, readConfigFile } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { HELP } from '../help.ts';
import type { Host } from '../host.ts';
import { checkPlace } from '../keeping-place.ts';
import { parseOptions } from '../options.ts';
import { formatsOf } from '../output.ts';
import { progressView } from '../progress.ts';
import { EXAMINED_REPLAY_OPTIONS, examinedReplay } from '../replay-options.ts';
import { shellQuote } from '../shell-quote.ts';
import { targetOf } from '../target.ts';
import { VERSION } from '../version.ts';
import { workloadOf } from '../workload.ts';

/** "Answer in a minute" (the first promise of `check`). */
const DEFAULT_BUDGET_SECONDS = 60;

/** The commands that start a target and examine it: `check` for everything, the others for their own part. */
export async function examineCommand(
  examination: Examination,
  argv: readonly string[],
  host: Host,
): Promise<ExitCode> {
  const typed = parseOptions(argv, EXAMINED_REPLAY_OPTIONS);
  if (typed.help) {
    host.stdout.write(HELP);
    return EXIT.ok;
  }
  if (typed.alwaysOn)
    throw new UsageError(
      '--always-on is for mettle attach: a server in use is watched for hours, an examination has an end.',
    );
  const config = await readConfigFile(resolve(host.cwd, typed.cwd ?? '.'), host.cwd);
  const options = config === null ? typed : mergeOptions(typed, config.options);
  const formats = formatsOf(options.format);
  checkBar(options, examination);
  checkPlace(host.cwd, options.out);
  const { spec, targetArguments } = await targetOf(options, host.cwd, host.env);
  const workload = await workloadOf(options, config, host);
  const replay = examinedReplay(examination, { typed: typed.extra, values: options.extra }, workload);
  const progress = progressView(host, options.quiet);
  const examined = await examine({
    examination,
    spec,
    targetArguments,
    command: shellQuote(['mettle', examination, ...redactCommand(argv)]),
    mettle: VERSION,
    tools: options.tool,
    workload,
    ...(replay === null ? {} : { replay }),
    allowWrites: options.allowWrites,
    budgetMs: (options.budgetSeconds ?? DEFAULT_BUDGET_SECONDS) * 1000,
    seed: options.seed ?? 1,
    era: options.era ?? null,
    signal: host.signal,
    onProgress: (now) => progress.show(now),
  }).finally(() => progress.end());
  return conclude(host, options, examined, formats);
}
