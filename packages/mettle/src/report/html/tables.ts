import { formatFigure } from '../figures.ts';
import { html, type Html } from './template.ts';

/** A figure with or without a unit: set to the right, so that digits stand under digits. */
const FIGURE = /^(–|-?[\d,.]+( ?(%|×|ms|s|[KMGT]?i?B))?)$/;

/** A table with caption and headings; columns that hold nothing but figures are set as such. Scrolls within itself. */
export function dataTable(
  caption: string,
  columns: readonly string[],
  rows: readonly (readonly (string | number)[])[],
): Html {
  const texts = rows.map((row) => row.map((cell) => (typeof cell === 'number' ? formatFigure(cell) : cell)));
  const kinds = columns.map((_, i) =>
    i > 0 && texts.every((row) => FIGURE.test(row[i] ?? '')) ? html` class="n"` : null,
  );
  const head = columns.map((column, i) => html`<th scope="col" ${kinds[i]}>${column}</th>`);
  const body = texts.map((row) => {
    const cells = row.map((text, i) =>
      i === 0 ? html`<th scope="row">${text}</th>` : html`<td${kinds[i]}>${text}</td>`,
    );
    return html`<tr>
      ${cells}
    </tr>`;
  });
  return scrolling(
    caption,
    html`<table>
      <caption>
        ${caption}
      </caption>
      <thead>
        <tr>
          ${head}
        </tr>
      </thead>
      <tbody>
        ${body}
      </tbody>
    </table>`,
  );
}

/** What is too wide scrolls in a region of its own, which the keyboard reaches. */
export function scrolling(label: string, content: Html): Html {
  return html`<div class="scroll" role="group" aria-label="${label}" tabindex="0">${content}</div>`;
}
