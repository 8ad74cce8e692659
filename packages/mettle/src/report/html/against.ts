import type { Finding } from '../../evidence/index.ts';
import type { Changes } from '../against/changes.ts';
import {
  changedFigures,
  changesCaveats,
  changesHeadline,
  costThenAndNow,
  FIGURE_COLUMNS,
} from '../against/words.ts';
import { CHECK_NAMES } from '../coverage.ts';
import { formatCost } from '../figures.ts';
import { clip } from '../printable.ts';
import { groupByRootCause } from '../root-causes.ts';
import { formatLocation } from '../source-paths.ts';
import { commandLine } from './command-line.ts';
import { documentOf } from './document.ts';
import { findingArticles, type Surroundings } from './findings.ts';
import { prose } from './prose.ts';
import { dataTable } from './tables.ts';
import { html, type Html } from './template.ts';

/** Two runs beside each other as one page: what is mended, what is new, what stayed, and the figures. */
export function renderAgainstHtml(changes: Changes, surroundings: Surroundings): string {
  const { before, after, mended, added, stayed, unknown } = changes;
  const name = after.target.server?.name ?? before.target.server?.name ?? 'MCP server';
  const newCauses = groupByRootCause(added);
  return documentOf({
    title: `${name}, before and after · Mettle report`,
    firstThing: 'what changed',
    masthead: masthead(changes, name),
    sections: [
      ['verdicts', 'Verdicts', verdicts(changes)],
      [
        'new',
        'New',
        newCauses.length === 0
          ? null
          : html`<section id="new">
              <h2>New</h2>
              ${findingArticles(newCauses, surroundings)}
            </section>`,
      ],
      [
        'mended',
        'Mended',
        group(
          'mended',
          'Mended',
          mended.map((finding) => card(finding, `${formatCost(finding.cost)} before`, surroundings)),
        ),
      ],
      [
        'stayed',
        'Stayed',
        group(
          'stayed',
          'Stayed',
          stayed.map((pair) => card(pair.after, costThenAndNow(pair), surroundings)),
        ),
      ],
      [
        'unknown',
        'Not looked for',
        group(
          'unknown',
          'Not looked for again',
          unknown.map(({ finding, why }) => card(finding, why, surroundings)),
        ),
      ],
      ['figures', 'Figures', figures(changes)],
    ],
    footer: `Made by Mettle ${after.mettle} from two bundles. The same in data: mettle report BEFORE --against AFTER --format json.`,
  });
}

function masthead(changes: Changes, name: string): Html {
  const { before, after } = changes;
  const run = (label: string, { command, startedAt }: Changes['before']): Html =>
    html`<p class="note">${label}, ${startedAt.slice(0, 16).replace('T', ' ')} UTC</p>
      ${commandLine(command)}`;
  return html`<header class="masthead">
    <div class="bar">
      <p>Mettle ${after.mettle}</p>
      <button type="button" id="theme" hidden>Theme</button>
    </div>
    <h1>${clip(name, 200)}</h1>
    <p class="headline">${changesHeadline(changes)}</p>
    <div class="runs">
      <div>${run('Before', before)}</div>
      <div>${run('After', after)}</div>
    </div>
  </header>`;
}

function verdicts(changes: Changes): Html {
  const rows = changes.verdicts
    .filter(({ before, after }) => before !== 'skipped' || after !== 'skipped')
    .map(
      ({ check, before, after }) =>
        html`<tr>
          <th scope="row">${CHECK_NAMES[check]}</th>
          <td class="${before}"><span class="status">${before}</span></td>
          <td class="${after}"><span class="status">${after}</span></td>
        </tr>`,
    );
  return html`<section id="verdicts">
    <h2>Verdicts</h2>
    <table class="verdicts against">
      <caption class="unseen">
        The verdict of each failure mode before and after
      </caption>
      <thead>
        <tr>
          <th scope="col">Failure mode</th>
          <th scope="col">Before</th>
          <th scope="col">After</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
  </section>`;
}

function group(id: string, title: string, cards: readonly Html[]): Html | null {
  if (cards.length === 0) return null;
  return html`<section id="${id}">
    <h2>${title}</h2>
    ${cards}
  </section>`;
}

function card(finding: Finding, remark: string, { folder }: Surroundings): Html {
  const { location } = finding;
  return html`<article class="card ${finding.severity}">
    <p class="kicker">
      <span class="severity">${finding.severity}</span><span>${finding.id}</span
      ><span>${finding.tool === undefined ? 'the whole server' : html`<code>${finding.tool}</code>`}</span>
      ${location === undefined ? null : html`<code>${clip(formatLocation(location, folder), 300)}</code>`}
    </p>
    <h3>${prose(clip(finding.title, 1000))}</h3>
    <p class="effect">${clip(remark, 500)}</p>
    ${commandLine(finding.verify.command)}
  </article>`;
}

function figures(changes: Changes): Html | null {
  const rows = changedFigures(changes);
  if (rows.length === 0) return null;
  return html`<section id="figures">
    <h2>Figures</h2>
    ${changesCaveats(changes).map((caveat) => html`<p class="note">${caveat}</p>`)}
    ${dataTable('What both runs measured, tool by tool', FIGURE_COLUMNS, rows)}
  </section>`;
}
