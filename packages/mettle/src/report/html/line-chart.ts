import type { SeriesExhibit } from '../../evidence/index.ts';
import { formatFigure } from '../figures.ts';
import { ACROSS, axis, DOWN, gridLines, plot, unit } from './plot.ts';
import { linearScale, logScale, type Scale } from './scales.ts';
import { dataTable } from './tables.ts';
import { html, type Html } from './template.ts';

type Points = SeriesExhibit['series'][number]['points'];

/** More than a screen has columns cannot be told apart. */
const POINTS = 400;
/** Few points are measurements, and shown as such; many are a curve. */
const DOTTED_UP_TO = 30;
const TABLE_ROWS = 24;
const LINES = 12;

/** The series as lines over common axes, logarithmic where the values span more than two powers of ten. */
export function lineChart(exhibit: SeriesExhibit): Html {
  const series = exhibit.series
    .slice(0, LINES)
    .map((line) => ({ name: line.name, points: thinned(line.points.filter(drawable)) }));
  const points = series.flatMap((line) => line.points);
  if (points.length === 0) return html`<p class="note">No points were recorded.</p>`;
  const x = scaleFor(
    points.map((point) => point[0]),
    false,
  );
  const y = scaleFor(
    points.map((point) => point[1]),
    true,
  );
  const shapes = series.map((line, i) => drawLine(line.points, x, y, i));
  const yTitle = `${exhibit.yLabel}${y.kind === 'log' ? ', logarithmic' : ''}`;
  const legend = series.map((line, i) => html`<li class="s${i % 6}">${line.name}</li>`);
  return html`<div class="chart">
      <p class="axis-title">${yTitle}</p>
      <div class="y-axis" aria-hidden="true">
        ${y.ticks.map((tick) => html`<span style="top:${unit((1 - tick.at) * 100)}%">${tick.label}</span>`)}
      </div>
      ${plot('lines', summary(exhibit, series), [gridLines(x), horizontals(y), ...shapes])}
      ${axis(x, exhibit.xLabel)}
    </div>
    ${
      series.length > 1
        ? html`<ul class="legend">
            ${legend}
          </ul>`
        : null
    }
    <details>
      <summary>Figures</summary>
      ${figures(exhibit, series)}
    </details>`;
}

function drawable(point: readonly [number, number]): boolean {
  return Number.isFinite(point[0]) && Number.isFinite(point[1]);
}

function summary(
  exhibit: SeriesExhibit,
  series: readonly { readonly name: string; readonly points: Points }[],
): string {
  const ends = series.map(
    ({ name, points }) =>
      `${name} from ${formatFigure(points[0]?.[1] ?? NaN)} to ${formatFigure(points.at(-1)?.[1] ?? NaN)}`,
  );
  return `${exhibit.yLabel} over ${exhibit.xLabel}: ${ends.join('; ')}`;
}

/** Every stretch of points keeps its lowest and its highest, so that no peak is lost. */
function thinned(points: Points): Points {
  if (points.length <= POINTS) return points;
  const stretch = Math.ceil(points.length / (POINTS / 2));
  const kept: (readonly [number, number])[] = [];
  for (let from = 0; from < points.length; from += stretch) {
    const part = points.slice(from, from + stretch);
    const low = part.reduce((a, b) => (b[1] < a[1] ? b : a));
    const high = part.reduce((a, b) => (b[1] > a[1] ? b : a));
    kept.push(...(low === high ? [low] : part.indexOf(low) < part.indexOf(high) ? [low, high] : [high, low]));
  }
  return kept;
}

function scaleFor(values: readonly number[], fromZero: boolean): Scale {
  const min = values.reduce((a, b) => Math.min(a, b));
  const max = values.reduce((a, b) => Math.max(a, b));
  if (min > 0 && max / min > 100) return logScale(min, max);
  return linearScale(fromZero ? Math.min(0, min) : min, max);
}

function horizontals(y: Scale): Html {
  return html`<path
    class="grid"
    d="${y.ticks.map((tick) => `M0 ${unit((1 - tick.at) * DOWN)}H${ACROSS}`).join('')}"
  />`;
}

function drawLine(points: Points, x: Scale, y: Scale, index: number): Html {
  const at = points.map(
    ([px, py]) => `${unit(x.position(px) * ACROSS)} ${unit((1 - y.position(py)) * DOWN)}`,
  );
  const dots =
    points.length <= DOTTED_UP_TO
      ? html`<path class="dots" d="${at.map((p) => `M${p}h0`).join('')}" />`
      : null;
  return html`<g class="s${index % 6}"><path class="line" d="M${at.join('L')}" />${dots}</g>`;
}

function figures(
  exhibit: SeriesExhibit,
  series: readonly { readonly name: string; readonly points: Points }[],
): Html {
  const each = Math.max(2, Math.floor(TABLE_ROWS / series.length));
  const rows = series.flatMap(({ name, points }) =>
    evenly(points, each).map(([x, y]): (string | number)[] => [name, x, y]),
  );
  const all = series.reduce((sum, { points }) => sum + points.length, 0);
  const caption =
    rows.length < all ? `${exhibit.title}: ${rows.length} of ${all} points, evenly spaced` : exhibit.title;
  return dataTable(caption, ['Series', exhibit.xLabel, exhibit.yLabel], rows);
}

function evenly(points: Points, count: number): Points {
  if (points.length <= count) return points;
  const chosen = new Set(
    Array.from({ length: count }, (_, i) => Math.round((i * (points.length - 1)) / (count - 1))),
  );
  return points.filter((_, i) => chosen.has(i));
}
