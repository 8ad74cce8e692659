import { clip } from '../printable.ts';
import { html, type Html } from './template.ts';

/** A command to copy. Each word holds together, so that `--tool` is not broken after its dashes. */
export function commandLine(command: string): Html {
  const words = clip(command, 4000)
    .split(' ')
    .map((word, i) => html`${i === 0 ? '' : ' '}<span>${word}</span>`);
  return html`<div class="command">
    <code>${words}</code><button type="button" class="copy" hidden>Copy</button>
  </div>`;
}
