import type { Result } from '../../evidence/index.ts';
import {
  CLASS_COLUMNS,
  classKindNote,
  classRows,
  heapComparisonHeadline,
  holderRows,
} from '../heap-comparison-words.ts';
import { dataTable } from './tables.ts';
import { html, type Html } from './template.ts';

/** Two heap snapshots beside each other; null when there were none. */
export function heapComparisonSection({ heapComparison }: Result, folder: string | undefined): Html | null {
  if (heapComparison === undefined) return null;
  const holders = holderRows(heapComparison, folder);
  return html`<section id="heap-comparison">
    <h2>Heap snapshots</h2>
    <p class="lead">${heapComparisonHeadline(heapComparison)}</p>
    ${
      holders.length === 0
        ? null
        : html`<h3>What holds more than before</h3>
            <ol>
              ${holders.map(
                ({ title, lines }) =>
                  html`<li>
                    ${title}${lines.map((line) => html`<br /><span class="note">${line}</span>`)}
                  </li>`,
              )}
            </ol>`
    }
    ${dataTable('Growth by class', CLASS_COLUMNS, classRows(heapComparison))}
    <p class="note">${classKindNote(heapComparison.classes)}</p>
  </section>`;
}
