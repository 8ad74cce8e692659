import { relative, resolve } from 'node:path';
import { redactCommand, redactText, UsageError } from '../../evidence/index.ts';
import type { Bundle, ProbeOutcome, TargetSpec } from '../../evidence/index.ts';
import { formats } from '../../report/index.ts';
import type { FormatName } from '../../report/index.ts';
import { detectors, isOnlyUnauthorised, probeBundle, resultOf } from '../../run/index.ts';
import { compareListings, probe, readToolList, saveToolList } from '../../watch/index.ts';
import { checkBar, conclude } from '../conclusion.ts';
import { mergeOptions, readConfigFile } from '../config-file.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { DEFAULT_BAR, parseBar } from '../fail-on.ts';
import { PROBE_HELP } from '../probe-help.ts';
import type { Host } from '../host.ts';
import { checkPlace } from '../keeping-place.ts';
import { parseOptions } from '../options.ts';
import type { CommandOptions } from '../options.ts';
import { formatsOf } from '../output.ts';
import { credentialsFrom, PROBE_OPTIONS, probeWishes } from '../probe-options.ts';
import type { ProbeWishes } from '../probe-options.ts';
import { shellQuote } from '../shell-quote.ts';
import { targetOf } from '../target.ts';
import { VERSION } from '../version.ts';

/** `mettle probe`: one look at a server from outside, phase by phase. */
export async function probeCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  const typed = parseOptions(argv, PROBE_OPTIONS);
  if (typed.help) {
    host.stdout.write(PROBE_HELP);
    return EXIT.ok;
  }
  const config = await readConfigFile(resolve(host.cwd, typed.cwd ?? '.'), host.cwd);
  const options = config === null ? typed : mergeOptions(typed, config.options);
  const asked = formatsOf(options.format);
  if (asked.length > 1 && options.out === undefined)
    throw new UsageError('mettle probe keeps nothing by itself: several formats need a folder (--out DIR).');
  checkBar(options, 'probe');
  if (options.out !== undefined) checkPlace(host.cwd, options.out);
  const { spec, targetArguments } = await targetOf(options, host.cwd, host.env);
  const wishes = await probeWishes(options, host);
  const before = wishes.against === null ? null : await readToolList(wishes.against);
  if (before === null && wishes.against !== null && wishes.against !== wishes.save)
    throw new UsageError(
      `--against: there is no file ${wishes.against}; --save with the same file begins with none.`,
    );
  const outcome = await look(spec, wishes, options, host);
  if (outcome === null) return EXIT.interrupted;
  const evidence = {
    outcome,
    toolChanges: before === null || outcome.tools === null ? null : compareListings(before, outcome.tools),
    certificateDays: wishes.certificateDays,
  };
  if (wishes.save !== null && outcome.status === 'up' && outcome.tools !== null)
    await saveToolList(wishes.save, outcome, outcome.tools);
  const run = {
    spec,
    targetArguments: withAgainst(targetArguments, wishes, host),
    command: shellQuote(['mettle', 'probe', ...redactCommand(argv)]),
    mettle: VERSION,
  };
  const bundle = probeBundle(evidence, run);
  const unusable =
    outcome.status === 'down' || (outcome.status === 'unauthorised' && !isOnlyUnauthorised(outcome));
  if (options.out !== undefined)
    return conclude(host, options, { bundle, targetFault: unusable ? outcome.sentence : null }, asked);
  return say(host, options, { bundle, format: asked[0] ?? 'terminal', unusable });
}

/** Null when the user interrupted. */
async function look(
  spec: TargetSpec,
  { options }: ProbeWishes,
  { quiet }: CommandOptions,
  host: Host,
): Promise<ProbeOutcome | null> {
  const name = nameOf(spec);
  if (!quiet && host.stderr.isTerminal) host.stderr.write(`mettle: looking at ${name}\n`);
  const access = spec.kind === 'http' ? credentialsFrom(host.env) : {};
  try {
    return await probe({ name, spec, ...access }, options, host.signal);
  } catch (error) {
    if (!host.signal.aborted) throw error;
    host.stderr.write('mettle: interrupted\n');
    return null;
  }
}

function nameOf(spec: TargetSpec): string {
  switch (spec.kind) {
    case 'http':
      return redactText(spec.url);
    case 'stdio':
      return shellQuote(redactCommand(spec.command));
    case 'module':
      return spec.file;
  }
}

/** So that the command that verifies a change of the list compares with the same file. */
function withAgainst(targetArguments: string, { against }: ProbeWishes, host: Host): string {
  if (against === null) return targetArguments;
  return `${shellQuote(['--against', relative(host.cwd, against)])} ${targetArguments}`;
}

/** Prints the result, and nothing is kept: a look a minute would fill the disk. */
function say(
  host: Host,
  options: CommandOptions,
  {
    bundle,
    format,
    unusable,
  }: { readonly bundle: Bundle; readonly format: FormatName; readonly unusable: boolean },
): ExitCode {
  const result = resultOf(bundle, detectors);
  const color = host.stdout.isTerminal && (host.env['NO_COLOR'] ?? '') === '' && host.env['TERM'] !== 'dumb';
  host.stdout.write(
    formats[format].render(result, bundle, {
      color,
      hyperlinks: color,
      width: host.stdout.columns,
      cwd: host.cwd,
    }),
  );
  if (unusable) return EXIT.target;
  const overTheBar = parseBar(
    options.failOn ?? DEFAULT_BAR,
    detectors.map(({ id }) => id),
  );
  return overTheBar(result) ? EXIT.findings : EXIT.ok;
}
