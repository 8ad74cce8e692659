import { printable } from '../printable.ts';

/** Markup that is safe to put into a page as it is. Only this file makes it. */
export interface Html {
  readonly markup: string;
}
export type Slot = Html | string | number | null | undefined | readonly Slot[];

/**
 * Markup from a template: strings in its slots are escaped, lists joined, null and undefined left out.
 * The indentation of the template itself is dropped: thousands of rows would carry it into the page.
 */
export function html(strings: TemplateStringsArray, ...slots: readonly Slot[]): Html {
  const parts = strings.map((string) => string.replace(/\n\s+/g, '\n'));
  return { markup: parts.reduce((out, part, i) => out + fill(slots[i - 1]) + part) };
}

function fill(slot: Slot): string {
  if (slot === null || slot === undefined) return '';
  if (typeof slot === 'number') return String(slot);
  if (typeof slot === 'string') return escapeHtml(slot);
  if ('markup' in slot) return slot.markup;
  return slot.map(fill).join('');
}

const ENTITIES: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
  '`': '&#96;',
};

/** Fit for element text and quoted attributes. Control and direction characters are replaced as well. */
function escapeHtml(text: string): string {
  return printable(text).replace(/[&<>"'`]/g, (character) => ENTITIES[character] ?? '');
}

/** Marks text of Mettle's own (style sheet, script) as safe. Never for text that a target had a hand in. */
export function trusted(markup: string): Html {
  return { markup };
}

/** A value as JSON that may stand inside a script element: no `<` survives, so nothing in it can end the element. */
export function scriptJson(value: unknown): Html {
  const escaped = JSON.stringify(value).replace(
    /[<>&\u2028\u2029]/g,
    (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
  return { markup: escaped };
}
