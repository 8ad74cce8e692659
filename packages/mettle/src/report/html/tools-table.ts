import type { ToolResult } from '../../evidence/index.ts';
import { formatBytes, formatCount, formatMsFigure } from '../figures.ts';
import { isTimed } from '../coverage.ts';
import { scrolling } from './tables.ts';
import { html, type Html } from './template.ts';

const CAPTION =
  'Times in milliseconds; CPU of the main thread per call; overlap: how many of the calls in flight ran at once';

interface Column {
  readonly head: string;
  value(tool: ToolResult): number | null | undefined;
  readonly format: (value: number) => string;
}

const COUNTS: readonly Column[] = [
  { head: 'Calls', value: (tool) => tool.calls, format: formatCount },
  { head: 'Errors', value: (tool) => tool.errors, format: formatCount },
];
const FIGURES: readonly Column[] = [
  { head: 'p50', value: (tool) => tool.latencyMs?.p50, format: formatMsFigure },
  { head: 'p95', value: (tool) => tool.latencyMs?.p95, format: formatMsFigure },
  { head: 'p99', value: (tool) => tool.latencyMs?.p99, format: formatMsFigure },
  { head: 'Max', value: (tool) => tool.latencyMs?.max, format: formatMsFigure },
  { head: 'CPU/call', value: (tool) => tool.cpuMsPerCall, format: formatMsFigure },
  { head: 'Longest block', value: (tool) => tool.maxBlockMs, format: formatMsFigure },
  { head: 'Retained/call', value: (tool) => tool.retainedBytesPerCall, format: formatBytes },
  { head: 'Overlap', value: (tool) => tool.overlap, format: (value) => String(Math.round(value * 10) / 10) },
];

/** Every tool and method that was called, with its figures. The head becomes sortable where scripts run. */
export function toolsSection(tools: readonly ToolResult[]): Html | null {
  const called = tools.filter((tool) => tool.exercised);
  if (called.length === 0) return null;
  const timed = called.some(isTimed);
  // Of a comparison the calls are all that is told of a tool here.
  const figures = FIGURES.filter(
    ({ value }) => timed || called.some((tool) => (value(tool) ?? null) !== null),
  );
  const columns = [...COUNTS, ...figures];
  const table = html`<table class="sortable">
    ${
      timed
        ? html`<caption>
            ${CAPTION}
          </caption>`
        : null
    }
    <thead>
      <tr>
        <th scope="col">Name</th>
        ${columns.map(({ head }) => html`<th scope="col" class="n">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${called.map((tool) => row(tool, columns))}
    </tbody>
  </table>`;
  return html`<section id="tools">
    <h2>Tools</h2>
    ${scrolling('Tools and their figures', table)}
  </section>`;
}

function row(tool: ToolResult, columns: readonly Column[]): Html {
  return html`<tr>
    <th scope="row">${tool.name}${tool.kind === 'method' ? html` <small>method</small>` : null}</th>
    ${columns.map(({ value, format }) => cell(value(tool), format))}
  </tr>`;
}

function cell(value: number | null | undefined, format: (value: number) => string): Html {
  if (value === null || value === undefined) return html`<td class="n none" data-sort="-1">–</td>`;
  return html`<td class="n" data-sort="${value}">${format(value)}</td>`;
}
