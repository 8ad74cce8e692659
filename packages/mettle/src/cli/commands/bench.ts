import { resolve } from 'node:path';
import { redactCommand } from '../../evidence/index.ts';
import { benchmark, benchModule } from '../../run/index.ts';
import { asksForLoad, BENCH_OPTIONS, benchSettings, wantsK6Script } from '../bench-options.ts';
import { benchView } from '../bench-view.ts';
import { compareSettings } from '../compare-options.ts';
import { checkBar, conclude } from '../conclusion.ts';
import { mergeOptions, readConfigFile } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { BENCH_HELP } from '../help.ts';
import type { Host } from '../host.ts';
import { checkFile, checkPlace } from '../keeping-place.ts';
import { parseOptions } from '../options.ts';
import { progressView } from '../progress.ts';
import { withReplay } from '../replay-options.ts';
import { formatsOf } from '../output.ts';
import { thresholdsOf } from '../thresholds.ts';
import { shellQuote } from '../shell-quote.ts';
import { targetOf } from '../target.ts';
import { VERSION } from '../version.ts';
import { workloadOf } from '../workload.ts';
import { runComparison } from './bench-compare.ts';

/** As `check`: for the search for the knee, and for hostile arguments. */
const DEFAULT_BUDGET_SECONDS = 60;

/** `mettle bench`: latency and throughput of a server, end to end. */
export async function benchCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  const typed = parseOptions(argv, BENCH_OPTIONS);
  if (typed.help) {
    host.stdout.write(BENCH_HELP);
    return EXIT.ok;
  }
  const config = await readConfigFile(resolve(host.cwd, typed.cwd ?? '.'), host.cwd);
  const options = config === null ? typed : mergeOptions(typed, config.options);
  const formats = formatsOf(options.format);
  checkBar(options, 'bench');
  checkPlace(host.cwd, options.out);
  const thresholds = thresholdsOf(options.failOn);
  const comparing = { ...compareSettings(options.extra, thresholds, host.cwd), thresholds };
  if (comparing.save !== null) checkFile('--save', comparing.save);
  if (comparing.history !== null) checkFile('--history', comparing.history);
  const { spec, targetArguments } = await targetOf(options, host.cwd, host.env);
  const load = benchSettings(options.extra, spec.kind, options.budgetSeconds);
  wantsK6Script(options.extra, spec.kind);
  const workload = await workloadOf(options, config, host);
  const settings = withReplay(load, options.extra, workload, options.budgetSeconds);
  const common = {
    examination: 'bench' as const,
    spec,
    targetArguments,
    command: shellQuote(['mettle', 'bench', ...redactCommand(argv)]),
    mettle: VERSION,
    tools: options.tool,
    workload,
    allowWrites: options.allowWrites,
    budgetMs: (options.budgetSeconds ?? DEFAULT_BUDGET_SECONDS) * 1000,
    seed: options.seed ?? 1,
    era: options.era ?? null,
    signal: host.signal,
  };
  const compared = await runComparison(host, options, common, comparing);
  if (compared !== null) return conclude(host, options, compared, formats);
  if (spec.kind === 'module' && !asksForLoad(options.extra)) {
    const progress = progressView(host, options.quiet);
    const timed = await benchModule({
      ...common,
      spec,
      thresholds,
      onProgress: (now) => progress.show(now),
    }).finally(() => progress.end());
    return conclude(host, options, timed, formats);
  }
  const view = benchView(host, options.quiet);
  const examined = await benchmark({
    ...common,
    settings,
    thresholds,
    onProgress: (now) => view.show(now),
  }).finally(() => view.end());
  return conclude(host, options, examined, formats);
}
