import { redactText, type SourceLocation } from '../evidence/index.ts';
import { clip, printable } from './printable.ts';

/** Gives a source file's text, or null when it cannot be read. */
export type ReadSource = (file: string) => string | null;

export interface SourceLine {
  readonly number: number;
  readonly text: string;
  /** Whether this is the line that the location names. */
  readonly culprit: boolean;
}

/** A longer line is minified code, of which only the part around the column tells something. */
const LONGEST_LINE = 200;

/** The line of the location with `around` lines before and after; empty when the source cannot be read. */
export function sourceExcerpt(
  location: SourceLocation,
  readSource: ReadSource | undefined,
  around: number,
): SourceLine[] {
  const lines = readSource?.(location.file)?.split(/\r?\n/);
  if (lines === undefined || location.line < 1 || location.line > lines.length) return [];
  const first = Math.max(1, location.line - around);
  return lines.slice(first - 1, location.line + around).map((text, i) => {
    const culprit = first + i === location.line;
    const shown =
      culprit && text.length > LONGEST_LINE
        ? partAround(text, location.column ?? 1)
        : clip(text, LONGEST_LINE);
    return {
      number: first + i,
      text: printable(redactText(shown.replaceAll('\t', '  '))).trimEnd(),
      culprit,
    };
  });
}

function partAround(text: string, column: number): string {
  const from = Math.max(0, column - 1 - 20);
  return `${from > 0 ? '…' : ''}${clip(text.slice(from), LONGEST_LINE)}`;
}
