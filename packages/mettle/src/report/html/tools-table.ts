import type { ToolResult } from '../../evidence/index.ts';
import { formatBytes, formatCount, formatMsFigure } from '../figures.ts';
import { scrolling } from './tables.ts';
import { html, type Html } from './template.ts';

const CAPTION =
  'Times in milliseconds; CPU of the main thread per call; overlap: how many of the calls in flight ran at once';

/** Every tool and method that was called, with its figures. The head becomes sortable where scripts run. */
export function toolsSection(tools: readonly ToolResult[]): Html | null {
  const called = tools.filter((tool) => tool.exercised);
  if (called.length === 0) return null;
  const heads = [
    'Calls',
    'Errors',
    'p50',
    'p95',
    'p99',
    'Max',
    'CPU/call',
    'Longest block',
    'Retained/call',
    'Overlap',
  ];
  const table = html`<table class="sortable">
    <caption>
      ${CAPTION}
    </caption>
    <thead>
      <tr>
        <th scope="col">Name</th>
        ${heads.map((head) => html`<th scope="col" class="n">${head}</th>`)}
      </tr>
    </thead>
    <tbody>
      ${called.map(row)}
    </tbody>
  </table>`;
  return html`<section id="tools">
    <h2>Tools</h2>
    ${scrolling('Tools and their figures', table)}
  </section>`;
}

function row(tool: ToolResult): Html {
  const time = (value: number | null | undefined): Html => cell(value, formatMsFigure);
  const latency = tool.latencyMs;
  return html`<tr>
    <th scope="row">${tool.name}${tool.kind === 'method' ? html` <small>method</small>` : null}</th>
    ${cell(tool.calls, formatCount)}${cell(tool.errors, formatCount)}${time(latency?.p50)}${time(latency?.p95)}${time(latency?.p99)}${time(latency?.max)}${time(tool.cpuMsPerCall)}${time(tool.maxBlockMs)}${cell(tool.retainedBytesPerCall, formatBytes)}${cell(tool.overlap, (value) => String(Math.round(value * 10) / 10))}
  </tr>`;
}

function cell(value: number | null | undefined, format: (value: number) => string): Html {
  if (value === null || value === undefined) return html`<td class="n none" data-sort="-1">–</td>`;
  return html`<td class="n" data-sort="${value}">${format(value)}</td>`;
}
