import type { Result } from '../../evidence/index.ts';
import { plural } from '../figures.ts';
import { displayWidth, pad, printable, shortenRight } from '../printable.ts';
import { QUICK_MS, serverSentence, toolSentence } from '../time-use.ts';
import type { Ink } from './ink.ts';
import { labelled, wrap } from './layout.ts';

/** The slowest: the HTML report has them all. */
const ROWS = 15;
const NAME_COLUMNS = 24;

/** What kind of slow the server is, and each tool that is not quick; empty when nothing was seen from inside. */
export function timeSection(result: Result, width: number, ink: Ink, folder?: string): string[] {
  const { time } = result;
  if (time === undefined || time === null) return [];
  const timed = result.tools
    .flatMap((tool) => (tool.time == null ? [] : [{ name: printable(tool.name), time: tool.time }]))
    .toSorted((a, b) => b.time.totalMs - a.time.totalMs);
  const slow = timed.filter((tool) => tool.time.totalMs >= QUICK_MS);
  const shown = slow.slice(0, ROWS);
  const columns = Math.min(NAME_COLUMNS, Math.max(4, ...shown.map((tool) => displayWidth(tool.name)))) + 2;
  const rows = shown.flatMap((tool) =>
    labelled(
      pad(shortenRight(tool.name, columns - 2), columns),
      wrap(toolSentence(tool.time, folder), width - 2 - columns),
      columns,
      (label) => label,
    ),
  );
  const more = slow.length - shown.length;
  const quick = timed.length - slow.length;
  const rest = [
    ...(more > 0 ? [`${more} more, all faster`] : []),
    ...(quick > 0 ? [`${plural(quick, 'other')} under ${QUICK_MS} ms`] : []),
  ].join('; ');
  return [
    ink.bold('Where the time goes'),
    ...wrap(serverSentence(time, folder), width - 2).map((line) => `  ${line}`),
    ...rows.map((row) => `  ${row}`),
    ...(rest === '' ? [] : [ink.dim(`  ${rest}`)]),
  ];
}
