import type { Bundle } from '../../evidence/index.ts';
import { formatBytes } from '../figures.ts';
import { growthCells, growthRows, heapSentence, memoryTimeline, sparkline } from '../memory-words.ts';
import { displayWidth, pad, printable, shortenRight } from '../printable.ts';
import type { Ink } from './ink.ts';
import { wrap } from './layout.ts';

/** A line of a screen has room for so many readings beside the words. */
const BARS = 32;
/** More is for the page; what ends is told after what does not. */
const ROWS = 12;
const NAME_COLUMNS = 22;

/** The heap after collections as a line of bars, and what grew with calls, with its end; empty when nobody looked. */
export function memorySection(bundle: Bundle, width: number, ink: Ink): string[] {
  const timeline = memoryTimeline(bundle);
  if (timeline === null) return [];
  const after = timeline.levels.filter(({ collected }) => collected);
  const bars = sparkline(
    after.map(({ heapUsedBytes }) => heapUsedBytes),
    BARS,
  );
  const last = timeline.levels.at(-1);
  const besides =
    last === undefined
      ? ''
      : `; outside it ${formatBytes(last.externalBytes)}, resident ${formatBytes(last.rssBytes)}`;
  const { heapGrowth } = bundle.evidence;
  const rows = heapGrowth === undefined ? [] : growthRows(heapGrowth);
  return [
    ink.bold('Memory'),
    ...wrap(`heap ${bars === '' ? '' : `${bars} `}${heapSentence(timeline)}${besides}`, width - 2).map(
      (line) => `  ${line}`,
    ),
    ...rows.slice(0, ROWS).map((row) => {
      const [who = '', what = '', rate = '', ending = ''] = growthCells(row).map(printable);
      const names = [who, what]
        .map((name) => pad(shortenRight(name, NAME_COLUMNS), NAME_COLUMNS + 1))
        .join('');
      const paint = row.fate === 'never' ? ink.red : row.fate === 'ends' ? ink.green : ink.yellow;
      const room = width - 2 - displayWidth(names);
      return `  ${names}${paint(shortenRight(`${rate}: ${ending}`, room))}`;
    }),
    ...(rows.length > ROWS ? [ink.dim(`  ${rows.length - ROWS} more in the page`)] : []),
  ];
}
