import { CHECKS, type Result, type Verdict } from '../../evidence/index.ts';
import { benchHeadline } from '../bench/words.ts';
import { CHECK_NAMES, describeTarget, explainVerdict, headline } from '../coverage.ts';
import { formatDuration } from '../figures.ts';
import { lookingCostSentence } from '../looking-cost.ts';
import { clip } from '../printable.ts';
import type { RootCause } from '../root-causes.ts';
import { commandLine } from './command-line.ts';
import { html, type Html } from './template.ts';

/** Who was examined, when and how, and the whole outcome in one sentence. */
export function masthead(result: Result, causes: readonly RootCause[]): Html {
  const { server } = result.target;
  const { name, facts } = describeTarget(result);
  const version = server === null ? [] : [`version ${server.version}`];
  return html`<header class="masthead">
    <div class="bar">
      <p>Mettle ${result.mettle}</p>
      <button type="button" id="theme" hidden>Theme</button>
    </div>
    <h1>${clip(server?.name ?? name, 200)}</h1>
    <p class="headline">
      ${result.bench === undefined ? headline(result, causes.length) : benchHeadline(result.bench)}
    </p>
    <ul class="facts">
      ${[...version, ...facts, `examined ${moment(result.startedAt)}`, `took ${formatDuration(result.durationMs)}`].map((fact) => html`<li>${clip(fact, 300)}</li>`)}
    </ul>
    ${commandLine(result.command)}
  </header>`;
}

/** In UTC: the same text wherever and whenever the report is rendered. */
function moment(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : `${at.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

/** A verdict per failure mode: in words, with a mark beside them. */
export function verdictsSection(result: Result, causes: readonly RootCause[]): Html {
  const rows = CHECKS.map((check) => {
    const verdict = result.checks[check];
    return html`<tr class="${verdict.status}">
      <th scope="row">${CHECK_NAMES[check]}</th>
      <td class="status">${verdict.status}</td>
      <td>${clip(explainVerdict(verdict), 1000)}${links(verdict, causes)}</td>
    </tr>`;
  });
  return html`<section id="verdicts">
    <h2>Verdicts</h2>
    <table class="verdicts">
      <caption class="unseen">
        A verdict per failure mode
      </caption>
      <thead class="unseen">
        <tr>
          <th scope="col">Failure mode</th>
          <th scope="col">Verdict</th>
          <th scope="col">Why</th>
        </tr>
      </thead>
      <tbody>
        ${rows}
      </tbody>
    </table>
    ${lookingCost(result)}
  </section>`;
}

function lookingCost(result: Result): Html | null {
  const sentence = lookingCostSentence(result);
  return sentence === null ? null : html`<p class="note">${clip(sentence, 1000)}</p>`;
}

function links(verdict: Verdict, causes: readonly RootCause[]): Html | null {
  if (verdict.status !== 'found') return null;
  const prints = new Set(verdict.findings.map((finding) => finding.fingerprint));
  const numbers = causes.flatMap((cause, i) =>
    [cause.main, ...cause.also].some((finding) => prints.has(finding.fingerprint)) ? [i + 1] : [],
  );
  return html`<span class="see"
    >${numbers.slice(0, 20).map((n) => html` <a href="#finding-${n}" aria-label="Finding ${n}">${n}</a>`)}</span
  >`;
}
