import { displayWidth, graphemes, pad, printable, shortenLeft, shortenRight } from '../printable.ts';

/** `path:line` or `path:line:column`, with what may follow it in a sentence. */
const LOCATION = /[^\s]:\d+(:\d+)?[).,;]*$/;

/** The text broken at spaces into lines of at most `columns`; a word that is too long is broken too, a file:line shortened from the left. */
export function wrap(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of printable(text)
    .split(' ')
    .flatMap((w) => fit(w, columns))) {
    const joined = line === '' ? word : `${line} ${word}`;
    if (displayWidth(joined) <= columns) line = joined;
    else {
      lines.push(line);
      line = word;
    }
  }
  return line === '' ? lines : [...lines, line];
}

function fit(word: string, columns: number): string[] {
  if (displayWidth(word) <= columns) return [word];
  if (LOCATION.test(word)) return [shortenLeft(word, columns)];
  const parts: string[] = [];
  let part = '';
  for (const g of graphemes(word)) {
    if (displayWidth(part) + g.columns > columns) {
      parts.push(part);
      part = '';
    }
    part += g.text;
  }
  return [...parts, part];
}

/** At most `count` lines; the last one marked with an ellipsis where lines were left out. */
export function limitLines(lines: readonly string[], count: number, columns: number): string[] {
  if (lines.length <= count) return [...lines];
  const kept = lines.slice(0, count);
  kept[count - 1] = shortenRight(`${kept[count - 1]} ${lines[count]}…`, columns);
  return kept;
}

const SHELL_WORD = /(?:[^\s'"\\]|\\.|'[^']*'|"(?:\\.|[^"\\])*")+/gs;

/**
 * A shell command broken between its words with `\`, so that it can still be copied and run. A single
 * word that is too long stays whole: a command that is cut is worse than a long line.
 */
export function wrapCommand(command: string, columns: number): string[] {
  const words = printable(command).match(SHELL_WORD) ?? [];
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    const joined = line === '' ? word : `${line} ${word}`;
    // Two columns stay free for the continuation.
    if (line === '' || displayWidth(joined) <= columns - 2) line = joined;
    else {
      lines.push(`${line} \\`);
      line = `  ${word}`;
    }
  }
  return line === '' ? lines : [...lines, line];
}

/** Lines under a label: the label before the first line, blanks before the others. */
export function labelled(
  label: string,
  lines: readonly string[],
  labelColumns: number,
  paint: (text: string) => string,
): string[] {
  return lines.map((line, i) => `${paint(pad(i === 0 ? label : '', labelColumns))}${line}`);
}
