import type { ExitCode } from '../exit-codes.ts';
import type { Host } from '../host.ts';
import { examineCommand } from './examine.ts';
import { asksForComparison, leakCompareCommand } from './leak-compare.ts';

/** `mettle leak`: what a server keeps with each call; or, of two heap snapshots, what grew between them. */
export function leakCommand(argv: readonly string[], host: Host): Promise<ExitCode> {
  return asksForComparison(argv) ? leakCompareCommand(argv, host) : examineCommand('leak', argv, host);
}
