import { resolve } from 'node:path';
import { UsageError } from '../../evidence/index.ts';
import { readBundle, resultOf, detectors } from '../../run/index.ts';
import { EXIT } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { HELP } from '../help.ts';
import type { Host } from '../host.ts';
import { parseOptions } from '../options.ts';
import { formatsOf, print } from '../output.ts';

/** `mettle report BUNDLE`: judges and renders a saved run again, with this version's detectors. */
export async function report(argv: readonly string[], host: Host): Promise<ExitCode> {
  const options = parseOptions(argv);
  if (options.help) {
    host.stdout.write(HELP);
    return EXIT.ok;
  }
  const [directory, ...more] = options.positionals;
  if (directory === undefined || more.length > 0)
    throw new UsageError(
      'mettle report takes one bundle: the directory that a run named, such as .mettle/2026-11-22T10-00-00.',
    );
  const formats = formatsOf(options.format);
  const at = resolve(host.cwd, directory);
  const bundle = await readBundle(at);
  print(host, formats[0] ?? 'terminal', { result: resultOf(bundle, detectors), bundle, directory: at });
  return EXIT.ok;
}
