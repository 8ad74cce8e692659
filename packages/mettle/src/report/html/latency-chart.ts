import { decodeLatencies, latencyAtShare, type LatencyCount } from '../../derive/percentiles.ts';
import type { Bundle, LatencyRecord } from '../../evidence/index.ts';
import { formatCount, formatMs, formatMsFigure } from '../figures.ts';
import { ACROSS, axis, DOWN, gridLines, plot, unit } from './plot.ts';
import { logScale, type Scale } from './scales.ts';
import { dataTable } from './tables.ts';
import { html, type Html } from './template.ts';

interface Row {
  readonly name: string;
  readonly alone: readonly LatencyCount[] | null;
  readonly mixed: readonly LatencyCount[] | null;
}

/** Columns of a distribution: fine enough for two humps, coarse enough for a few hundred calls. */
const BINS = 90;
/** Beyond this a picture is no longer read; the table of tools has every one. */
const ROWS = 60;
const TABLED = 200;

/** Every subject's latency distribution on one logarithmic axis: alone above the line, among the others below. */
export function latencySection(bundle: Bundle): Html | null {
  const { latency, mixedLatency } = bundle.evidence;
  const rows = joinRows(latency?.subjects ?? [], mixedLatency?.subjects ?? []);
  const drawn = rows.filter((row) => row.alone !== null || row.mixed !== null).slice(0, ROWS);
  if (drawn.length === 0) return null;
  const values = drawn.flatMap((row) =>
    [...(row.alone ?? []), ...(row.mixed ?? [])].map((count) => count.valueMs),
  );
  // Not by spreading: a run has more values than a call takes arguments.
  const least = values.reduce((a, b) => Math.min(a, b), Infinity);
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const scale = logScale(least * 0.9, most * 1.1);
  const below =
    mixedLatency === undefined
      ? ''
      : ` Below the line: with all the others, ${mixedLatency.inFlight} calls in flight.`;
  return html`<section id="latency">
    <h2>Latency</h2>
    <p class="lead">
      How long the calls took, each on the same logarithmic axis. Above the line: called alone, one at a
      time.${below} Marks stand at p50 and p99. No profiler was on.
    </p>
    <div class="rows">
      ${drawn.map((row) => rowPicture(row, scale))}
      <div class="row-axis">${axis(scale, 'milliseconds, logarithmic')}</div>
    </div>
    ${percentileTable(rows)}
  </section>`;
}

function joinRows(alone: readonly LatencyRecord[], mixed: readonly LatencyRecord[]): Row[] {
  const names = [...new Set([...alone, ...mixed].map((record) => record.subject.name))].slice(0, TABLED);
  const find = (records: readonly LatencyRecord[], name: string): readonly LatencyCount[] | null =>
    decodeLatencies(records.find((record) => record.subject.name === name)?.histogram ?? null);
  return names.map((name) => ({ name, alone: find(alone, name), mixed: find(mixed, name) }));
}

function rowPicture(row: Row, scale: Scale): Html {
  const words = [describe('alone', row.alone), describe('among the others', row.mixed)]
    .filter((w) => w !== '')
    .join('; ');
  const middle = DOWN * (row.mixed === null ? 0.96 : 0.58);
  return html`<div class="row">
    <div class="row-name">${row.name}</div>
    <div class="row-figures">${quantiles('alone', row.alone)}${quantiles('mixed', row.mixed)}</div>
    ${plot('ridge', `${row.name}: ${words}`, [
      gridLines(scale),
      ...(row.alone === null ? [] : [hump(row.alone, scale, middle, -middle * 0.94, 'alone')]),
      ...(row.mixed === null ? [] : [hump(row.mixed, scale, middle, (DOWN - middle) * 0.94, 'mixed')]),
      html`<path class="base" d="M0 ${unit(middle)}H${ACROSS}" />`,
    ])}
  </div>`;
}

function quantiles(kind: string, counts: readonly LatencyCount[] | null): Html | null {
  if (counts === null) return null;
  return html`<span class="${kind}"
    >p50 <b>${formatMsFigure(latencyAtShare(counts, 0.5))}</b>, p99
    <b>${formatMsFigure(latencyAtShare(counts, 0.99))}</b> ms</span
  >`;
}

function describe(how: string, counts: readonly LatencyCount[] | null): string {
  if (counts === null) return '';
  return `${how} p50 ${formatMs(latencyAtShare(counts, 0.5))}, p99 ${formatMs(latencyAtShare(counts, 0.99))}`;
}

/** An area from the base line by `height` (negative: upwards), with marks at p50 and p99. */
function hump(
  counts: readonly LatencyCount[],
  scale: Scale,
  base: number,
  height: number,
  kind: string,
): Html {
  const bins = smoothed(binned(counts, scale));
  const highest = Math.max(...bins, Number.MIN_VALUE);
  // The square root keeps a thin tail visible beside a tall middle.
  const points = bins.map(
    (bin, i) => `L${unit(((i + 0.5) / BINS) * ACROSS)} ${unit(base + Math.sqrt(bin / highest) * height)}`,
  );
  const mark = (share: number): Html => {
    const x = unit(scale.position(latencyAtShare(counts, share)) * ACROSS);
    return html`<path class="mark" d="M${x} ${unit(base)}V${unit(base + height)}" />`;
  };
  return html`<g class="${kind}"
    ><path
      class="hump"
      d="M0 ${unit(base)}${points.join('')}L${ACROSS} ${unit(base)}Z"
    />${mark(0.5)}${mark(0.99)}</g
  >`;
}

function binned(counts: readonly LatencyCount[], scale: Scale): number[] {
  const bins = Array.from({ length: BINS }, () => 0);
  for (const { valueMs, count } of counts) {
    const bin = Math.min(BINS - 1, Math.max(0, Math.floor(scale.position(valueMs) * BINS)));
    bins[bin] = (bins[bin] ?? 0) + count;
  }
  return bins;
}

function smoothed(bins: readonly number[]): number[] {
  return bins.map((bin, i) => ((bins[i - 1] ?? 0) + 2 * bin + (bins[i + 1] ?? 0)) / 4);
}

const SHARES = [0.5, 0.9, 0.99, 0.999, 1] as const;

function percentileTable(rows: readonly Row[]): Html {
  const line = (name: string, how: string, counts: readonly LatencyCount[]): (string | number)[] => {
    const total = counts.reduce((sum, { count }) => sum + count, 0);
    // A percentile that fewer than one call can stand for is not a measurement.
    const figures = SHARES.map((share) =>
      share < 1 && total * (1 - share) < 1 ? '–' : formatMsFigure(latencyAtShare(counts, share)),
    );
    return [name, how, formatCount(total), ...figures];
  };
  const lines = rows.flatMap((row) => [
    ...(row.alone === null ? [] : [line(row.name, 'alone', row.alone)]),
    ...(row.mixed === null ? [] : [line(row.name, 'mixed', row.mixed)]),
  ]);
  const columns = ['Name', 'How', 'Calls', 'p50', 'p90', 'p99', 'p99.9', 'max'];
  return html`<details>
    <summary>Percentiles in figures</summary>
    ${dataTable('Latency of successful calls, in milliseconds; a dash where too few calls were made', columns, lines)}
  </details>`;
}
