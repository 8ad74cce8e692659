import type { Result } from '../../evidence/index.ts';
import {
  COMPARISON_COLUMNS,
  comparisonHeadline,
  comparisonRows,
  thresholdLines,
} from '../comparison-words.ts';
import { dataTable } from './tables.ts';
import { html, type Html } from './template.ts';

/** Two versions beside each other, and the limits; null when there was neither. */
export function comparisonSection(result: Result): Html | null {
  const { comparison, thresholds } = result;
  const limits = thresholdLines(thresholds);
  if (comparison === undefined && limits.length === 0) return null;
  return html`<section id="comparison">
    <h2>Comparison</h2>
    <p class="lead">${comparisonHeadline(result)}</p>
    ${(comparison?.caveats ?? []).map((caveat) => html`<p class="note">${caveat}</p>`)}
    ${
      comparison === undefined || comparison.subjects.length === 0
        ? null
        : dataTable(
            `${comparison.candidate}, against ${comparison.baseline}`,
            ['', ...COMPARISON_COLUMNS],
            comparisonRows(comparison),
          )
    }
    ${
      limits.length === 0
        ? null
        : html`<h3>Limits, judged on the bound</h3>
            <ul>
              ${limits.map((line) => html`<li>${line}</li>`)}
            </ul>`
    }
  </section>`;
}
