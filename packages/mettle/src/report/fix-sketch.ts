/** Gives the page of a finding (docs/findings/ID.md), or null when there is none. */
export type ReadPage = (id: string) => string | null;

/** A line of an example, as in a diff. */
export interface SketchLine {
  readonly sign: '-' | '+' | ' ';
  readonly text: string;
}

/** An example longer than this is a tutorial. */
const MOST_LINES = 20;

/**
 * The example of the page's fix as a diff: what it marks as `// before` is taken out, from `// after` on is put in; without
 * such marks all of it is put in. Empty when the page has no code.
 */
export function fixSketch(id: string, readPage: ReadPage | undefined): readonly SketchLine[] {
  const page = readPage?.(id) ?? '';
  const fix = /^## Fix\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(page)?.[1] ?? '';
  const lines = [...fix.matchAll(/^```\w*\n(.*?)^```/gms)].flatMap(([, code = '']) =>
    code.trimEnd().split('\n'),
  );
  const marked = lines.some((line) => BEFORE.test(line));
  let sign: SketchLine['sign'] = marked ? ' ' : '+';
  return lines.slice(0, MOST_LINES).map((line) => {
    if (AFTER.test(line)) sign = '+';
    const isBefore = BEFORE.test(line);
    return { sign: isBefore ? '-' : sign, text: withoutMark(line) };
  });
}

const BEFORE = /\/\/ before\b/;
const AFTER = /\/\/ after\b/;

/** The sign says it; what stands behind the mark stays. */
function withoutMark(line: string): string {
  return line.replace(/\s*\/\/ (?:before|after)\b[:,]?\s*(.*)$/, (_, rest: string) =>
    rest === '' ? '' : ` // ${rest}`,
  );
}
