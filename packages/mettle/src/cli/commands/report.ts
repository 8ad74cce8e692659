import { resolve } from 'node:path';
import { UsageError } from '../../evidence/index.ts';
import type { Result } from '../../evidence/index.ts';
import { againstFormats, changesBetween } from '../../report/index.ts';
import { readBundle, readFindingPage, resultOf, detectors, sourceReader } from '../../run/index.ts';
import { checkBar, isOverBar } from '../conclusion.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { HELP } from '../help.ts';
import type { Host } from '../host.ts';
import { parseOptions } from '../options.ts';
import type { CommandOptions } from '../options.ts';
import { formatsOf, print } from '../output.ts';
import { terminalAbilities } from '../terminal-abilities.ts';

/** `mettle report BUNDLE`: judges and renders a saved run again, with this version's detectors; or two, before and after. */
export async function report(argv: readonly string[], host: Host): Promise<ExitCode> {
  const options = parseOptions(argv, { against: { type: 'string' } });
  if (options.help) {
    host.stdout.write(HELP);
    return EXIT.ok;
  }
  const [directory, ...more] = options.positionals;
  if (directory === undefined || more.length > 0)
    throw new UsageError(
      'mettle report takes one bundle: the directory that a run named, such as .mettle/2026-11-22T10-00-00. Two are compared with mettle report BEFORE --against AFTER.',
    );
  const [format = 'terminal'] = formatsOf(options.format);
  const at = resolve(host.cwd, directory);
  const { against } = options.extra;
  checkBar(options, 'bench');
  if (typeof against === 'string') {
    const after = await reportAgainst(host, format, at, resolve(host.cwd, against));
    return judge(after, options);
  }
  const bundle = await readBundle(at);
  const result = resultOf(bundle, detectors);
  print(host, format, { result, bundle, directory: at });
  return judge(result, options);
}

/** To look at a run again is no failure: the bar is one that was asked for. */
function judge(result: Result, options: CommandOptions): ExitCode {
  return options.failOn !== undefined && isOverBar(options, result) ? EXIT.findings : EXIT.ok;
}

/** Prints both beside each other; the result of the later one. */
async function reportAgainst(host: Host, format: string, before: string, after: string): Promise<Result> {
  const render = againstFormats.get(format);
  if (render === undefined)
    throw new UsageError(
      `Two bundles are compared as ${[...againstFormats.keys()].join(', ')}; "${format}" is of one run: leave out --against.`,
    );
  const [earlier, later] = [await readBundle(before), await readBundle(after)];
  const result = resultOf(later, detectors);
  const changes = changesBetween(resultOf(earlier, detectors), result);
  host.stdout.write(
    render(changes, {
      ...terminalAbilities(host.stdout.isTerminal, host.env),
      width: host.stdout.columns,
      cwd: host.cwd,
      folder: host.cwd,
      readSource: sourceReader(later.evidence.sources),
      readPage: readFindingPage,
    }),
  );
  return result;
}
