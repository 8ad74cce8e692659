import { CHECKS, type Bundle, type Result } from '../../evidence/index.ts';
import { CHECK_NAMES, groupPassedOver, notMeasured } from '../coverage.ts';
import { plural } from '../figures.ts';
import { clip } from '../printable.ts';
import { html, type Html } from './template.ts';

const CHARACTERS = 2000;

/** What the result does not say: failure modes passed over, tools not called, evidence not to be had, and notes. */
export function notCoveredSection(result: Result, bundle: Bundle): Html | null {
  const entries = [...checks(result), ...tools(result), ...inside(bundle), ...notes(result, bundle)];
  if (entries.length === 0) return null;
  return html`<section id="not-covered">
    <h2>Not covered</h2>
    <dl class="gaps">${entries}</dl>
  </section>`;
}

function entry(term: string, text: string | Html): Html {
  return html`<dt>${term}</dt>
    <dd>${typeof text === 'string' ? clip(text, CHARACTERS) : text}</dd>`;
}

function checks(result: Result): Html[] {
  return CHECKS.flatMap((check) => {
    const verdict = result.checks[check];
    if (verdict.status === 'skipped') return [entry(`${CHECK_NAMES[check]} skipped`, verdict.why)];
    if (verdict.status === 'failed') return [entry(`${CHECK_NAMES[check]} failed`, verdict.error.message)];
    return [];
  });
}

function tools(result: Result): Html[] {
  const passedOver = groupPassedOver(result.tools).map(({ reason, noun, names }) =>
    entry(
      `${plural(names.length, noun)} not called`,
      html`${clip(reason, CHARACTERS)}
        <span class="names">${names.map((name) => html`<code>${clip(name, 200)}</code> `)}</span>`,
    ),
  );
  return [
    ...passedOver,
    ...notMeasured(result.tools).map(({ name, reason }) => entry(clip(name, 200), reason)),
  ];
}

function inside(bundle: Bundle): Html[] {
  const agent = bundle.evidence.target?.agent;
  return agent === undefined || agent.attached ? [] : [entry('Inside not seen', agent.why)];
}

function notes(result: Result, bundle: Bundle): Html[] {
  return [...new Set([...result.notes, ...bundle.manifest.notes])].map((note) => entry('Note', note));
}
