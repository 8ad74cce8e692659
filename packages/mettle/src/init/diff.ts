/** Lines of context around a change. */
const CONTEXT = 3;

interface Line {
  readonly sign: ' ' | '+' | '-';
  readonly text: string;
}

/** What changes in a file, in the unified form that git and editors show; '' when nothing does. */
export function unifiedDiff(file: string, before: string | null, after: string): string {
  const lines = compared(before === null ? [] : linesOf(before), linesOf(after));
  if (lines.every(({ sign }) => sign === ' ')) return '';
  // git's a/ and b/ stand for the folder, which a path out of it has not.
  const [a, b] = file.startsWith('../') ? ['', ''] : ['a/', 'b/'];
  const head = [`--- ${before === null ? '/dev/null' : `${a}${file}`}`, `+++ ${b}${file}`];
  return [...head, ...hunks(lines)].join('\n');
}

function linesOf(text: string): readonly string[] {
  return text.replace(/\n$/, '').split('\n');
}

/** By the longest common subsequence; the files are small. */
function compared(before: readonly string[], after: readonly string[]): readonly Line[] {
  const common = Array.from({ length: before.length + 1 }, () => new Uint32Array(after.length + 1));
  const at = (i: number, j: number): number => common[i]?.[j] ?? 0;
  for (let i = before.length - 1; i >= 0; i--)
    for (let j = after.length - 1; j >= 0; j--)
      (common[i] as Uint32Array)[j] =
        before[i] === after[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  const out: Line[] = [];
  for (let i = 0, j = 0; i < before.length || j < after.length;) {
    const [old, next] = [before[i], after[j]];
    if (old !== undefined && old === next) {
      out.push({ sign: ' ', text: old });
      i++;
      j++;
    } else if (next === undefined || (old !== undefined && at(i + 1, j) >= at(i, j + 1))) {
      out.push({ sign: '-', text: old ?? '' });
      i++;
    } else {
      out.push({ sign: '+', text: next });
      j++;
    }
  }
  return out;
}

function hunks(lines: readonly Line[]): readonly string[] {
  const kept = lines.map((_line, i) =>
    lines.slice(Math.max(0, i - CONTEXT), i + CONTEXT + 1).some(({ sign }) => sign !== ' '),
  );
  const out: string[] = [];
  let [old, next] = [1, 1];
  for (let i = 0; i < lines.length;) {
    if (kept[i] !== true) {
      i++;
      old++;
      next++;
      continue;
    }
    const end = kept.indexOf(false, i);
    const hunk = lines.slice(i, end < 0 ? undefined : end);
    const [removed, added] = ['+', '-'].map((sign) => hunk.filter((line) => line.sign !== sign).length);
    const start = (from: number, count = 0): string =>
      `${String(count === 0 ? from - 1 : from)},${String(count)}`;
    out.push(`@@ -${start(old, removed)} +${start(next, added)} @@`);
    out.push(...hunk.map(({ sign, text }) => sign + text));
    old += removed ?? 0;
    next += added ?? 0;
    i += hunk.length;
  }
  return out;
}
