import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { redactCommand } from '../../evidence/index.ts';
import { parseWorkload, readWorkload } from '../../run/index.ts';
import type { Examined, Workload } from '../../run/index.ts';
import { profileFiles, renderHtml, renderJson } from '../../report/index.ts';
import { detectors, examine, resultOf, sourceReader, writeBundle } from '../../run/index.ts';

import type { Examination, Result } from '../../evidence/index.ts';
import { mergeOptions, readConfigFile } from '../config-file.ts';
import type { ConfigFile } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { DEFAULT_BAR, parseBar } from '../fail-on.ts';
import { HELP } from '../help.ts';
import type { Host } from '../host.ts';
import { parseOptions } from '../options.ts';
import type { CommandOptions } from '../options.ts';
import { formatsOf, print } from '../output.ts';
import { progressView } from '../progress.ts';
import { shellQuote } from '../shell-quote.ts';
import { targetOf } from '../target.ts';
import { VERSION } from '../version.ts';

/** "Answer in a minute" (the first promise of `check`). */
const DEFAULT_BUDGET_SECONDS = 60;

/** The commands that start a target and examine it: `check` for everything, the others for their own part. */
export async function examineCommand(examination: Examination, argv: readonly string[], host: Host): Promise<ExitCode> {
  const typed = parseOptions(argv);
  if (typed.help) {
    host.stdout.write(HELP);
    return EXIT.ok;
  }
  const config = await readConfigFile(resolve(host.cwd, typed.cwd ?? '.'));
  const options = config === null ? typed : mergeOptions(typed, config.options);
  const formats = formatsOf(options.format);
  const overTheBar = parseBar(options.failOn ?? DEFAULT_BAR, detectors.map((detector) => detector.id));
  const { spec, targetArguments } = await targetOf(options, host.cwd, host.env);
  const workload = await workloadOf(options, config, host);
  const progress = progressView(host, options.quiet);
  const examined = await examine({
    examination,
    spec,
    targetArguments,
    command: shellQuote(['mettle', examination, ...redactCommand(argv)]),
    mettle: VERSION,
    tools: options.tool,
    workload,
    allowWrites: options.allowWrites,
    budgetMs: (options.budgetSeconds ?? DEFAULT_BUDGET_SECONDS) * 1000,
    seed: options.seed ?? 1,
    era: options.era ?? null,
    signal: host.signal,
    onProgress: (now) => progress.show(now),
  }).finally(() => progress.end());
  const result = resultOf(examined.bundle, detectors);
  const directory = await keep(host, options, examined, result);
  print(host, formats[0] ?? 'terminal', { result, bundle: examined.bundle, directory });
  if (examined.targetFault !== null) host.stderr.write(`mettle: ${examined.targetFault}\n`);
  if (host.signal.aborted) {
    host.stderr.write(`mettle: interrupted; what was measured until then is in ${relative(host.cwd, directory) || directory}\n`);
    return EXIT.interrupted;
  }
  if (examined.targetFault !== null) return EXIT.target;
  return overTheBar(result) ? EXIT.findings : EXIT.ok;
}

async function workloadOf(options: CommandOptions, config: ConfigFile | null, host: Host): Promise<Workload | null> {
  if (options.workload !== undefined) return readWorkload(resolve(host.cwd, options.workload));
  return config?.workload == null ? null : parseWorkload(config.workload, config.file);
}

/** Writes bundle, result.json and report.html; returns the directory. */
async function keep(host: Host, options: CommandOptions, { bundle }: Examined, result: Result): Promise<string> {
  const root = resolve(host.cwd, '.mettle');
  const directory = options.out === undefined ? join(root, bundle.manifest.startedAt.replaceAll(':', '-').replace(/\.\d+Z$/, '')) : resolve(host.cwd, options.out);
  await mkdir(directory, { recursive: true });
  // Runs are for looking at, not for committing.
  if (options.out === undefined) await writeFile(join(root, '.gitignore'), '*\n');
  await writeBundle(directory, bundle);
  await writeFile(join(directory, 'result.json'), renderJson(result));
  for (const { name, content, gzip } of profileFiles(bundle)) await writeFile(join(directory, name), gzip ? gzipSync(content) : content);
  await writeFile(join(directory, 'report.html'), renderHtml(result, bundle, { cwd: host.cwd, readSource: sourceReader() }));
  return directory;
}
