import { writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { gzipSync } from 'node:zlib';
import { UsageError } from '../evidence/index.ts';
import type { Examination, Result } from '../evidence/index.ts';
import { k6Script, profileFiles, renderHtml, renderJson } from '../report/index.ts';
import { detectors, makeFolder, readFindingPage, resultOf, sourceReader, writeBundle } from '../run/index.ts';
import type { Examined } from '../run/index.ts';
import { EXIT } from './exit-codes.ts';
import type { ExitCode } from './exit-codes.ts';
import { DEFAULT_BAR, parseBar } from './fail-on.ts';
import type { Host } from './host.ts';
import { RUNS } from './keeping-place.ts';
import type { CommandOptions } from './options.ts';
import { print, writeRendering } from './output.ts';
import { thresholdsOf } from './thresholds.ts';
import type { FormatName } from '../report/index.ts';

/** Throws UsageError for a bar that cannot be, or that `command` could never judge: before anything is measured. */
export function checkBar(options: CommandOptions, command: Examination): void {
  barOf(options);
  const [limit] = thresholdsOf(options.failOn);
  if (limit !== undefined && command !== 'bench')
    throw new UsageError(
      `--fail-on: "${limit.expression}" is a limit on a figure, and mettle ${command} would never fail by it: mettle bench judges limits; here give a severity, a check or a finding id.`,
    );
}

/** Judges a run, keeps it, prints it, and says with which code the command ends. */
export async function conclude(
  host: Host,
  options: CommandOptions,
  examined: Examined,
  asked: readonly FormatName[],
  rendering: { readonly matrixOnly?: boolean } = {},
): Promise<ExitCode> {
  const overTheBar = barOf(options);
  const result = resultOf(examined.bundle, detectors);
  const directory = await keep(host, options, examined, result);
  const [first = 'terminal', ...others] = asked;
  for (const format of others)
    await writeRendering(host, format, { result, bundle: examined.bundle, directory });
  print(host, first, { result, bundle: examined.bundle, directory, ...rendering });
  if (examined.targetFault !== null) host.stderr.write(`mettle: ${examined.targetFault}\n`);
  if (host.signal.aborted) {
    host.stderr.write(
      `mettle: interrupted; what was measured until then is in ${relative(host.cwd, directory) || directory}\n`,
    );
    return EXIT.interrupted;
  }
  if (examined.targetFault !== null) return EXIT.target;
  return overTheBar(result) || (options.failOn !== 'none' && didNotSurvive(result)) ? EXIT.findings : EXIT.ok;
}

/** Hostile arguments that kill or block a server are a fault, though none with a detector. */
function didNotSurvive({ bench }: Result): boolean {
  return (bench?.adversarial?.cases ?? []).some(
    ({ outcome }) => outcome === 'crashed' || outcome === 'blocked',
  );
}

/** Whether a result has findings over the bar that the options set, or the usual one. */
export function isOverBar(options: CommandOptions, result: Result): boolean {
  return barOf(options)(result);
}

function barOf(options: CommandOptions): (result: Result) => boolean {
  return parseBar(
    options.failOn ?? DEFAULT_BAR,
    detectors.map((detector) => detector.id),
  );
}

/** Writes bundle, result.json and report.html; returns the directory. */
async function keep(
  host: Host,
  options: CommandOptions,
  { bundle }: Examined,
  result: Result,
): Promise<string> {
  const root = resolve(host.cwd, RUNS);
  const directory =
    options.out === undefined
      ? join(root, bundle.manifest.startedAt.replaceAll(':', '-').replace(/\.\d+Z$/, ''))
      : resolve(host.cwd, options.out);
  makeFolder(directory);
  // Runs are for looking at, not for committing.
  if (options.out === undefined) await writeFile(join(root, '.gitignore'), '*\n');
  await writeBundle(directory, bundle);
  await writeFile(join(directory, 'result.json'), renderJson(result));
  for (const { name, content, gzip } of profileFiles(bundle))
    await writeFile(join(directory, name), gzip ? gzipSync(content) : content);
  await writeFile(
    join(directory, 'report.html'),
    renderHtml(result, bundle, {
      cwd: host.cwd,
      readSource: sourceReader(bundle.evidence.sources),
      readPage: readFindingPage,
    }),
  );
  const script = options.extra['export'] === undefined ? null : k6Script(bundle);
  if (script !== null) await writeFile(join(directory, 'mettle.k6.js'), script);
  return directory;
}
