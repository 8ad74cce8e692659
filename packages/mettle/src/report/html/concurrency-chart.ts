import type { Bundle, ConcurrencyEvidence } from '../../evidence/index.ts';
import { formatFigure } from '../figures.ts';
import { ACROSS, DOWN, plot, unit } from './plot.ts';
import { logScale } from './scales.ts';
import { html, type Html } from './template.ts';

/** The least parallel come first: beyond these every picture shows the same, that all is well. */
const PICTURES = 60;

type Rounds = ConcurrencyEvidence['subjects'][number]['rounds'];
interface Width {
  readonly inFlight: number;
  /** Per round: the batch's makespan over that of the lone call beside it. */
  readonly ratios: readonly number[];
  readonly median: number;
}

/** For each subject: how long n calls took together, in lone calls; between the lines "all at once" and "one after another". */
export function concurrencySection(bundle: Bundle): Html | null {
  const pictures = (bundle.evidence.concurrency?.subjects ?? [])
    .map(({ subject, rounds }) => ({ name: subject.name, widths: widthsOf(rounds) }))
    .filter(({ widths }) => widths.length > 0)
    .toSorted((a, b) => parallelism(a.widths) - parallelism(b.widths))
    .slice(0, PICTURES);
  if (pictures.length === 0) return null;
  return html`<section id="concurrency">
    <h2>Concurrency</h2>
    <p class="lead">
      How long a batch of identical calls took, measured against one lone call made beside it. Along the
      <span class="key upper">upper line</span> calls run one after another, along the
      <span class="key lower">lower line</span> all at once. Dots are rounds, the line their median; least
      parallel first. Both axes are logarithmic: calls in flight, and times as long as one call.
    </p>
    <div class="multiples">${pictures.map(({ name, widths }) => picture(name, widths))}</div>
  </section>`;
}

function widthsOf(rounds: Rounds): Width[] {
  const byWidth = new Map<number, number[]>();
  for (const { solo, batches } of rounds) {
    for (const batch of batches) {
      if (batch.inFlight < 2 || solo.makespanMs <= 0 || solo.errors > 0 || batch.errors > 0) continue;
      byWidth.set(batch.inFlight, [
        ...(byWidth.get(batch.inFlight) ?? []),
        batch.makespanMs / solo.makespanMs,
      ]);
    }
  }
  return [...byWidth]
    .map(([inFlight, ratios]) => ({ inFlight, ratios, median: median(ratios) }))
    .toSorted((a, b) => a.inFlight - b.inFlight);
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return ((sorted[Math.ceil(middle) - 1] ?? 0) + (sorted[Math.floor(middle)] ?? 0)) / 2;
}

/** Calls that ran at once on average, over the widest batch. */
function parallelism(widths: readonly Width[]): number {
  const widest = widths.at(-1);
  return widest === undefined || widest.median === 0
    ? 0
    : Math.min(widest.inFlight, widest.inFlight / widest.median);
}

function picture(name: string, widths: readonly Width[]): Html | null {
  const widest = widths.at(-1);
  if (widest === undefined) return null;
  const top = Math.max(widest.inFlight, ...widths.flatMap((width) => width.ratios)) * 1.1;
  // A batch may beat its lone call by chance: the axis starts a little below one.
  const across = logScale(0.92, widest.inFlight * 1.08);
  const down = logScale(0.8, top);
  const x = (inFlight: number): number => unit(across.position(inFlight) * ACROSS);
  const y = (ratio: number): number => unit((1 - down.position(Math.max(ratio, 0.8))) * DOWN);
  const line = widths.map((width) => `L${x(width.inFlight)} ${y(width.median)}`).join('');
  const dots = widths
    .flatMap((width) => width.ratios.map((ratio) => `M${x(width.inFlight)} ${y(ratio)}h0`))
    .join('');
  const words = `${widest.inFlight} calls together took ${formatFigure(widest.median)} times as long as one`;
  return html`<figure class="multiple">
    <figcaption>
      <b>${name}</b
      ><span class="figure"
        >${formatFigure(parallelism(widths))}<small> of ${widest.inFlight} at once</small></span
      >
    </figcaption>
    <div class="field">
      <div class="y-axis" aria-hidden="true">
        ${[1, widest.inFlight].map((ratio) => html`<span style="top:${y(ratio)}%">${ratio}×</span>`)}
      </div>
      ${plot('fan', `${name}: ${words}`, [
        html`<path
          class="between"
          d="M${x(1)} ${y(1)}L${x(widest.inFlight)} ${y(widest.inFlight)}V${y(1)}Z"
        />`,
        html`<path class="upper" d="M${x(1)} ${y(1)}L${x(widest.inFlight)} ${y(widest.inFlight)}" />`,
        html`<path class="lower" d="M${x(1)} ${y(1)}H${x(widest.inFlight)}" />`,
        html`<path class="dots" d="${dots}" />`,
        html`<path class="median" d="M${x(1)} ${y(1)}${line}" />`,
      ])}
      <div class="axis" aria-hidden="true">
        ${[1, ...widths.map((width) => width.inFlight)].map((n) => html`<span class="tick" style="left:${x(n) / 10}%">${n}</span>`)}
      </div>
    </div>
    <p class="note">${words}</p>
  </figure>`;
}
