import { html, type Html } from './template.ts';

/** A sentence in which names stand between backticks, as the terminal shows them: here they are set as code. */
export function prose(text: string): Html {
  const parts = text.split('`');
  // An odd number of backticks is no markup: the text is shown as it stands.
  if (parts.length % 2 === 0) return html`${text}`;
  return html`${parts.map((part, i) => (i % 2 === 1 ? html`<code>${part}</code>` : part))}`;
}
