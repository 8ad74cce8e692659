import type {
  Exhibit,
  Finding,
  Frame,
  InterleavingExhibit,
  StackExhibit,
  TableExhibit,
  TranscriptExhibit,
} from '../../evidence/index.ts';
import { formatCount } from '../figures.ts';
import { clip } from '../printable.ts';
import { placeInLane } from '../race-words.ts';
import { formatLocation } from '../source-paths.ts';
import { foldStack, type StackLine } from '../stack-folding.ts';
import { lineChart } from './line-chart.ts';
import { pathDiagram } from './path-diagram.ts';
import { dataTable, scrolling } from './tables.ts';
import { html, type Html } from './template.ts';

/** What a page shows of one exhibit; the rest is in result.json. Bounds keep a typical report well under 2 MB. */
const ROWS = 200;
const CHARACTERS = 1000;

/** One exhibit, drawn in the way of its kind under its title. */
export function drawExhibit(exhibit: Exhibit, finding: Finding, folder: string | undefined): Html {
  return html`<figure class="exhibit ${exhibit.kind}">
    <figcaption>${clip(exhibit.title, CHARACTERS)}</figcaption>
    ${draw(exhibit, finding, folder)}
  </figure>`;
}

function draw(exhibit: Exhibit, finding: Finding, folder: string | undefined): Html {
  switch (exhibit.kind) {
    case 'table':
      return table(exhibit);
    case 'series':
      return lineChart(exhibit);
    case 'stack':
      return stack(exhibit, finding, folder);
    case 'retaining-path':
      return html`${pathDiagram(exhibit.steps.slice(0, ROWS))}${left(exhibit.steps.length)}`;
    case 'interleaving':
      return interleaving(exhibit);
    case 'transcript':
      return transcript(exhibit);
  }
}

function left(total: number): Html | null {
  return total <= ROWS ? null : html`<p class="note">… ${formatCount(total - ROWS)} more in result.json</p>`;
}

function table(exhibit: TableExhibit): Html {
  const rows = exhibit.rows
    .slice(0, ROWS)
    .map((row) => row.map((cell) => (typeof cell === 'string' ? clip(cell, CHARACTERS) : cell)));
  return html`${dataTable(exhibit.title, exhibit.columns, rows)}${left(exhibit.rows.length)}`;
}

function stack(exhibit: StackExhibit, finding: Finding, folder: string | undefined): Html {
  const lines = foldStack(exhibit.frames.slice(0, ROWS), finding.location);
  return html`<ol class="stack-lines">
      ${lines.map((line) => html`<li>${stackLine(line, folder)}</li>`)}
    </ol>
    ${left(exhibit.frames.length)}`;
}

function stackLine(line: StackLine, folder: string | undefined): Html {
  if (line.kind === 'frame') return frame(line.frame, folder);
  const inner = line.frames.slice(0, -1);
  const entry = html`<span class="foreign"
    >${frameName(line.entry)} <span class="path">${line.origin}</span></span
  >`;
  if (inner.length === 0) return entry;
  return html`<details class="fold">
    <summary>${entry}<span class="more">${inner.length} more inside</span></summary>
    <ol>
      ${line.frames.map((f) => html`<li>${frame(f, folder)}</li>`)}
    </ol>
  </details>`;
}

function frame(at: Frame, folder: string | undefined): Html {
  return html`${frameName(at)} <span class="path">${clip(formatLocation(at, folder), CHARACTERS)}</span>`;
}

function frameName(at: Frame): Html {
  return html`<code>${clip(at.function === '' ? '(anonymous)' : at.function, CHARACTERS)}</code>`;
}

function interleaving(exhibit: InterleavingExhibit): Html {
  const lanes = exhibit.lanes.map((lane) => html`<th scope="col">${clip(lane, CHARACTERS)}</th>`);
  const rows = exhibit.steps.slice(0, ROWS).map((step, i) => {
    const cells = exhibit.lanes.map((_, lane) =>
      lane === step.lane
        ? html`<td class="on l${lane % 6}">
            ${clip(step.text, CHARACTERS)}
            ${step.place === undefined ? null : html`<span class="path">${placeInLane(exhibit, step.place)}</span>`}
            ${step.note === undefined ? null : html`<span class="said">${clip(step.note, CHARACTERS)}</span>`}
          </td>`
        : html`<td></td>`,
    );
    return html`<tr>
      <th scope="row">${i + 1}</th>
      ${cells}
    </tr>`;
  });
  return html`${scrolling(
    exhibit.title,
    html`<table class="lanes">
      <caption>
        Order of events, from top to bottom
      </caption>
      <thead>
        <tr>
          <th scope="col"><span class="unseen">Step</span></th>
          ${lanes}
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>`,
  )}${left(exhibit.steps.length)}`;
}

function transcript(exhibit: TranscriptExhibit): Html {
  const lines = exhibit.lines.slice(0, ROWS).map((line) => html`<li>${clip(line, CHARACTERS)}</li>`);
  return html`<ol class="transcript-lines">
      ${lines}
    </ol>
    ${left(exhibit.lines.length)}`;
}
