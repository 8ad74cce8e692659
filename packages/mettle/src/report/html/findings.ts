import type { Finding } from '../../evidence/index.ts';
import { formatCost } from '../figures.ts';
import { fixSketch, type ReadPage } from '../fix-sketch.ts';
import { clip } from '../printable.ts';
import type { RootCause } from '../root-causes.ts';
import { sourceExcerpt, type ReadSource } from '../source-excerpt.ts';
import { formatLocation } from '../source-paths.ts';
import { commandLine } from './command-line.ts';
import { drawExhibit } from './exhibits.ts';
import { prose } from './prose.ts';
import { html, type Html } from './template.ts';

/** Where paths start, and how source text is had. */
export interface Surroundings {
  readonly folder: string | undefined;
  readonly readSource: ReadSource | undefined;
  readonly readPage?: ReadPage | undefined;
}

/** All exhibits together; what comes after is named, not drawn, so that the file opens at once in any browser. */
const EXHIBIT_CHARACTERS = 700_000;
/** Findings come from detectors in tens; this bounds a run that went wrong. */
const FINDINGS = 100;
/** Sentences of ours are far shorter; what is longer came from the target. */
const CHARACTERS = 1000;

/** Every finding, gravest first, those of one root cause together. */
export function findingsSection(causes: readonly RootCause[], surroundings: Surroundings): Html {
  if (causes.length === 0)
    return html`<section id="findings">
      <h2>Findings</h2>
      <p class="lead">None. What was looked at, and what was not, stands above and below.</p>
    </section>`;
  return html`<section id="findings">
    <h2>Findings</h2>
    ${findingArticles(causes, surroundings)}
  </section>`;
}

/** The findings alone, numbered from 1. */
export function findingArticles(causes: readonly RootCause[], surroundings: Surroundings): Html {
  let room = EXHIBIT_CHARACTERS;
  const exhibits = (finding: Finding): Html[] =>
    finding.evidence.map((exhibit) => {
      const drawn = room > 0 ? drawExhibit(exhibit, finding, surroundings.folder) : null;
      room -= drawn?.markup.length ?? 0;
      return drawn !== null && room > 0
        ? drawn
        : html`<p class="note">
            ${clip(exhibit.title, CHARACTERS)}: in result.json, too large for this page.
          </p>`;
    });
  const articles = causes.slice(0, FINDINGS).map((cause, i) => article(cause, i + 1, exhibits, surroundings));
  const more =
    causes.length > FINDINGS
      ? html`<p class="note">${causes.length - FINDINGS} more in result.json.</p>`
      : null;
  return html`${articles}${more}`;
}

type DrawExhibits = (finding: Finding) => Html[];

function article(cause: RootCause, number: number, exhibits: DrawExhibits, surroundings: Surroundings): Html {
  const { main } = cause;
  const id = `finding-${number}`;
  return html`<article class="finding ${main.severity}" id="${id}" aria-labelledby="${id}-title">
    <header>
      ${kicker(main)}
      <h3 id="${id}-title">
        <a class="anchor" href="#${id}" aria-label="Link to finding ${number}">${number}</a
        >${prose(clip(main.title, CHARACTERS))}
      </h3>
    </header>
    <div class="columns">
      <div class="case">${place(main, surroundings)}${sketch(main, surroundings)}${exhibits(main)}</div>
      ${remedy(main)}
    </div>
    ${cause.also.map((finding) => also(finding, exhibits, surroundings))}
  </article>`;
}

function kicker(finding: Finding): Html {
  return html`<p class="kicker">
    <span class="severity">${finding.severity}</span><span>${finding.id}</span
    ><span>${finding.tool === undefined ? 'the whole server' : html`<code>${finding.tool}</code>`}</span
    ><span>${finding.confidence}</span>
  </p>`;
}

function place(finding: Finding, { folder, readSource }: Surroundings): Html | null {
  const { location } = finding;
  if (location === undefined) return null;
  const inside =
    location.function === undefined || location.function === ''
      ? null
      : html` in <code>${location.function}</code>`;
  const lines = sourceExcerpt(location, readSource, 3).map(
    (line) =>
      html`<li${line.culprit ? html` class="culprit"` : null}><span class="number">${line.number}</span><code>${line.text}</code></li>`,
  );
  return html`<p class="place"><code>${clip(formatLocation(location, folder), CHARACTERS)}</code>${inside}</p>
    ${
      lines.length === 0
        ? null
        : html`<div class="source" role="group" aria-label="Source" tabindex="0">
            <ol>
              ${lines}
            </ol>
          </div>`
    }`;
}

/** How the fix looks in code: an example, not the reader's own lines. */
function sketch({ id }: Finding, { readPage }: Surroundings): Html | null {
  const lines = fixSketch(id, readPage);
  if (lines.length === 0) return null;
  const rows = lines.map(({ sign, text }) => {
    const kind = sign === '-' ? html` class="out"` : sign === '+' ? html` class="in"` : null;
    const said = sign === '-' ? 'removed: ' : sign === '+' ? 'added: ' : '';
    return html`<li${kind}><span class="number" aria-hidden="true">${sign}</span><span class="unseen">${said}</span><code>${text}</code></li>`;
  });
  return html`<p class="sketch-title">The fix as an example</p>
    <div class="source sketch" role="group" aria-label="The fix as an example" tabindex="0">
      <ol>
        ${rows}
      </ol>
    </div>`;
}

function remedy(finding: Finding): Html {
  return html`<div class="remedy">
    <dl>
      <dt>Cost</dt>
      <dd class="cost">${formatCost(finding.cost)}</dd>
      <dt>Fix</dt>
      <dd>${prose(clip(finding.fix, CHARACTERS))}</dd>
      <dt>Verify</dt>
      <dd>
        ${commandLine(finding.verify.command)}
        <p>${prose(clip(finding.verify.expect, CHARACTERS))}</p>
      </dd>
    </dl>
  </div>`;
}

function also(finding: Finding, exhibits: DrawExhibits, surroundings: Surroundings): Html {
  return html`<details class="also ${finding.severity}">
    <summary>
      <span class="label">Also here</span> <span class="severity">${finding.severity}</span>
      <span class="id">${finding.id}</span> ${prose(clip(finding.title, CHARACTERS))}
    </summary>
    <div class="columns">
      <div class="case">
        ${place(finding, { ...surroundings, readSource: undefined })}${exhibits(finding)}
      </div>
      ${remedy(finding)}
    </div>
  </details>`;
}
