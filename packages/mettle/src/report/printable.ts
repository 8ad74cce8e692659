/*
 * What a target says (names, messages, paths) is hostile input. Control characters could drive the
 * terminal, bidirectional overrides could make one name look like another.
 */
const UNPRINTABLE = /[\p{Cc}\u200e\u200f\u202a-\u202e\u2066-\u2069\ufeff\ufffe\uffff]|\p{Cs}/gu;

/** The text on one line, with everything that could steer a terminal or reorder text replaced. */
export function printable(text: string): string {
  return text.replace(/\s*[\r\n\t\u2028\u2029]+\s*/gu, ' ').replace(UNPRINTABLE, '\ufffd');
}

/** The text cut to at most `length` UTF-16 units, marked with an ellipsis where cut. */
export function clip(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}…`;
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\p{Cf}]+$/u;
const EMOJI = /\p{Emoji_Presentation}|\ufe0f/u;
/** East Asian wide and full-width ranges (UAX 11, W and F), emoji aside. */
const WIDE =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1b000}-\u{1b2ff}\u{20000}-\u{3fffd}]/u;

/** The text's user-perceived characters, each with the terminal columns it takes. */
export function graphemes(text: string): { text: string; columns: number }[] {
  return Array.from(segmenter.segment(text), ({ segment }) => ({
    text: segment,
    columns: columnsOf(segment),
  }));
}

function columnsOf(grapheme: string): number {
  if (ZERO_WIDTH.test(grapheme)) return 0;
  return EMOJI.test(grapheme) || WIDE.test(grapheme) ? 2 : 1;
}

/** Terminal columns that the text takes (no escape sequences in it). */
export function displayWidth(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  return graphemes(text).reduce((sum, g) => sum + g.columns, 0);
}

/** The text cut on the right to at most `columns`, marked with an ellipsis where cut. */
export function shortenRight(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  let out = '';
  let used = 1;
  for (const g of graphemes(text)) {
    if (used + g.columns > columns) break;
    out += g.text;
    used += g.columns;
  }
  return `${out}…`;
}

/** The text cut on the left to at most `columns`, preferably at a path separator, marked with an ellipsis where cut. */
export function shortenLeft(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  for (let i = text.search(/[/\\]/); i !== -1; i = nextSeparator(text, i)) {
    const tail = `…${text.slice(i)}`;
    if (displayWidth(tail) <= columns) return tail;
  }
  const kept: string[] = [];
  let used = 1;
  for (const g of graphemes(text).toReversed()) {
    if (used + g.columns > columns) break;
    kept.unshift(g.text);
    used += g.columns;
  }
  return `…${kept.join('')}`;
}

function nextSeparator(text: string, after: number): number {
  const found = text.slice(after + 1).search(/[/\\]/);
  return found === -1 ? -1 : after + 1 + found;
}

/** The text filled with spaces to `columns`, on the left or on the right. */
export function pad(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const fill = ' '.repeat(Math.max(0, columns - displayWidth(text)));
  return align === 'left' ? text + fill : fill + text;
}
