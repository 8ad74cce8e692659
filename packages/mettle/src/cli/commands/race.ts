import { resolve } from 'node:path';
import { redactCommand } from '../../evidence/index.ts';
import { examineRace } from '../../run/index.ts';
import { checkBar, conclude } from '../conclusion.ts';
import { mergeOptions, readConfigFile } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { RACE_HELP } from '../help.ts';
import type { Host } from '../host.ts';
import { checkPlace } from '../keeping-place.ts';
import { parseOptions } from '../options.ts';
import { formatsOf } from '../output.ts';
import { progressView } from '../progress.ts';
import { RACE_OPTIONS, raceArguments, raceSettings } from '../race-options.ts';
import { shellQuote } from '../shell-quote.ts';
import { targetOf } from '../target.ts';
import { VERSION } from '../version.ts';
import { workloadOf } from '../workload.ts';

/** As `check`: enough for a server of ten tools with at most one preemption. */
const DEFAULT_BUDGET_SECONDS = 60;

/** `mettle race`: calls at once, in every order of their events up to a bound. */
export async function raceCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  const typed = parseOptions(argv, RACE_OPTIONS);
  if (typed.help) {
    host.stdout.write(RACE_HELP);
    return EXIT.ok;
  }
  const config = await readConfigFile(resolve(host.cwd, typed.cwd ?? '.'), host.cwd);
  const options = config === null ? typed : mergeOptions(typed, config.options);
  const formats = formatsOf(options.format);
  checkBar(options, 'race');
  checkPlace(host.cwd, options.out);
  const settings = raceSettings(options.extra);
  const { spec, targetArguments } = await targetOf(options, host.cwd, host.env);
  const workload = await workloadOf(options, config, host);
  const progress = progressView(host, options.quiet);
  const examined = await examineRace({
    examination: 'race',
    spec,
    targetArguments: `${raceArguments(settings, options.seed)}${targetArguments}`,
    command: shellQuote(['mettle', 'race', ...redactCommand(argv)]),
    mettle: VERSION,
    tools: options.tool,
    workload,
    allowWrites: options.allowWrites,
    budgetMs: (options.budgetSeconds ?? DEFAULT_BUDGET_SECONDS) * 1000,
    seed: options.seed ?? 1,
    era: options.era ?? null,
    signal: host.signal,
    settings,
    onProgress: (now) => progress.show(now),
  }).finally(() => progress.end());
  return conclude(host, options, examined, formats, { matrixOnly: options.extra['matrix'] === true });
}
