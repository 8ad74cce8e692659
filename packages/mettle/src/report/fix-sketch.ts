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
 * The examples of the page's fix as a diff. Blocks of `diff` say it line by line; in others what is marked `// before` is
 * taken out and from `// after` on is put in, and without such marks all of it is put in. Commands stand as they are.
 * Empty when the page has no code.
 */
export function fixSketch(id: string, readPage: ReadPage | undefined): readonly SketchLine[] {
  const page = readPage?.(id) ?? '';
  const fix = /^## Fix\n(.*?)(?=^## |$(?![\s\S]))/ms.exec(page)?.[1] ?? '';
  const blocks = [...fix.matchAll(/^```(\w*)\n(.*?)^```/gms)].map(
    ([, language = '', code = '']) => [language, code.trimEnd().split('\n')] as const,
  );
  const marked = blocks.some(([, lines]) => lines.some((line) => BEFORE.test(line)));
  let sign: SketchLine['sign'] = marked ? ' ' : '+';
  return blocks
    .flatMap(([language, lines]) =>
      lines.map((line): SketchLine => {
        if (language === 'diff') return { sign: signOf(line), text: line.slice(1) };
        if (language === 'bash') return { sign: ' ', text: line };
        if (AFTER.test(line)) sign = '+';
        return { sign: BEFORE.test(line) ? '-' : sign, text: withoutMark(line) };
      }),
    )
    .slice(0, MOST_LINES);
}

function signOf(line: string): SketchLine['sign'] {
  return line.startsWith('-') ? '-' : line.startsWith('+') ? '+' : ' ';
}

const BEFORE = /\/\/ before\b/;
const AFTER = /\/\/ after\b/;

/** The sign says it; what stands behind the mark stays. */
function withoutMark(line: string): string {
  return line.replace(/\s*\/\/ (?:before|after)\b[:,]?\s*(.*)$/, (_, rest: string) =>
    rest === '' ? '' : ` // ${rest}`,
  );
}
