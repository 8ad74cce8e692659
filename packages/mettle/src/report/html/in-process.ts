import type { Result } from '../../evidence/index.ts';
import {
  IN_PROCESS_COLUMNS,
  inProcessHeadline,
  inProcessNotes,
  inProcessRow,
  inProcessTitle,
} from '../in-process-words.ts';
import { dataTable } from './tables.ts';
import { html, type Html } from './template.ts';

/** Handlers timed in their own process, a table for each era; null when none were. */
export function inProcessSection({ inProcess }: Result): Html | null {
  if (inProcess === undefined) return null;
  return html`<section id="in-process">
    <h2>In process</h2>
    <p class="lead">${inProcessHeadline(inProcess)}</p>
    ${inProcess.runs.map((run) =>
      dataTable(inProcessTitle(run), ['', ...IN_PROCESS_COLUMNS], run.subjects.map(inProcessRow)),
    )}
    ${inProcessNotes(inProcess).map((note) => html`<p class="note">${note}</p>`)}
  </section>`;
}
