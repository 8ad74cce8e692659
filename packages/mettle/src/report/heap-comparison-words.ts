import { formatPlace } from '../derive/frames.ts';
import type { ClassGrowth, HeapComparisonEvidence, HolderGrowth } from '../evidence/index.ts';
import { formatBytes, formatCount, plural } from './figures.ts';

/** A table's worth: the JSON has more. */
const CLASSES = 12;
const HOLDERS = 8;

export const CLASS_COLUMNS = ['class', 'before', 'after', 'new', 'bytes more'] as const;

/** What two snapshots say, in a sentence or two. */
export function heapComparisonHeadline(comparison: HeapComparisonEvidence): string {
  const { before, after, sameProcess, newObjects, newBytes } = comparison;
  const heap = `The heap went from ${formatBytes(before.heapBytes)} to ${formatBytes(after.heapBytes)}`;
  const fresh =
    sameProcess && newObjects !== null
      ? `; ${plural(newObjects, 'object')} of the second snapshot (${formatBytes(newBytes ?? 0)}) were made since the first`
      : '; the snapshots are of different processes, so they are compared by numbers only';
  const [first] = comparison.holders;
  const most =
    first === undefined
      ? ' No collection holds more than before.'
      : ` Most is held by ${first.path.slice(0, 2).join(' → ')}: ${elements(first)}, ${signedBytes(first.grownBytes)}.`;
  return `${heap}${fresh}.${most}`;
}

/** Classes with most growth, V8's own and texts behind the user's. */
export function classRows({ classes }: HeapComparisonEvidence): readonly (readonly string[])[] {
  const own = classes.filter(({ kind }) => kind !== 'internal' && kind !== 'string' && kind !== 'number');
  const rest = classes.filter((row) => !own.includes(row));
  return [...own.slice(0, CLASSES), ...rest].map((row) => [
    row.place === null ? row.className : `${row.className} (${row.place})`,
    formatCount(row.before),
    formatCount(row.after),
    row.newObjects === null ? '' : formatCount(row.newObjects),
    signedBytes(row.bytesAfter - row.bytesBefore),
  ]);
}

/** What holds more: its figures, then its path, package and place as lines. */
export function holderRows(
  { holders }: HeapComparisonEvidence,
  folder = '',
): readonly {
  readonly title: string;
  readonly lines: readonly string[];
}[] {
  return holders.slice(0, HOLDERS).map((holder) => ({
    title: `${elements(holder)}: ${signedBytes(holder.grownBytes)}${retained(holder)}`,
    lines: [holder.path.join(' → '), ...placeLines(holder, folder)],
  }));
}

/** `+200 Session (10 to 210)`. */
function elements({ elementClass, elementsBefore, elementsAfter }: HolderGrowth): string {
  const more = elementsAfter - elementsBefore;
  return `${more >= 0 ? '+' : ''}${formatCount(more)} ${elementClass} (${formatCount(elementsBefore)} to ${formatCount(elementsAfter)})`;
}

function retained({ retainedBefore, retainedAfter, className }: HolderGrowth): string {
  if (retainedAfter === null) return '';
  return `; ${className} retains ${retainedBefore === null ? '' : `${formatBytes(retainedBefore)}, then `}${formatBytes(retainedAfter)}`;
}

function placeLines(holder: HolderGrowth, folder: string): readonly string[] {
  const { location } = holder;
  const at =
    location === null
      ? []
      : [
          `written at ${formatPlace(location, folder)}${location.column === undefined ? '' : `:${location.column}`}`,
        ];
  return holder.package === null
    ? at
    : [...at, `in ${holder.package === 'node' ? 'Node.js itself' : `package ${holder.package}`}`];
}

export function classKindNote(rows: readonly ClassGrowth[]): string {
  return rows.some(({ kind }) => kind === 'internal')
    ? 'V8’s own: tables, shapes, compiled code. New: made since the first snapshot and alive at the second.'
    : 'New: made since the first snapshot and alive at the second.';
}

function signedBytes(bytes: number): string {
  return `${bytes >= 0 ? '+' : '-'}${formatBytes(Math.abs(bytes))}`;
}
