import { decodeLatencies, latencyAtShare } from '../../derive/percentiles.ts';
import type { BenchResult, BlockFigures, Result, SeriesExhibit } from '../../evidence/index.ts';
import {
  benchFacts,
  benchHeadline,
  benchWarnings,
  capacityLines,
  countedFrom,
  driftLines,
  failureMessages,
  FIGURE_COLUMNS,
  figureRow,
  mainBlock,
} from '../bench/words.ts';
import { formatFigure, formatMsFigure } from '../figures.ts';
import { clip } from '../printable.ts';
import { lineChart } from './line-chart.ts';
import { dataTable } from './tables.ts';
import { html, type Html } from './template.ts';

/** Lines of one picture that can be told apart. */
const LINES = 6;

/** A benchmark's pictures and tables: percentiles, time line, throughput against latency, hostile calls. */
export function benchSection({ bench }: Result): Html | null {
  if (bench === undefined) return null;
  const block = mainBlock(bench);
  return html`<section id="bench">
    <h2>Benchmark</h2>
    <p class="lead">${benchHeadline(bench)} ${driftLines(bench).join(' ')}</p>
    ${benchWarnings(bench).map((warning) => html`<p class="note">${warning}</p>`)}
    ${block === null ? null : figures(block)} ${factsTable(bench)}
    ${
      block === null
        ? null
        : html`<h3>Percentiles</h3>
            ${lineChart(percentilePlot(block))}`
    }
    ${block === null ? null : timeLine(block)} ${capacity(bench)} ${hostile(bench)}
  </section>`;
}

function figures(block: BlockFigures): Html {
  const rows = [
    ...block.subjects.map((subject) => [subject.subject.name, ...figureRow(subject)]),
    ...(block.subjects.length > 1 ? [['all', ...figureRow(block.total)]] : []),
  ];
  const messages = block.subjects.flatMap(failureMessages);
  return html`${dataTable(`Latency in milliseconds, from ${countedFrom(block.shape)}; successes only`, ['Name', ...FIGURE_COLUMNS], rows)}
  ${
    messages.length === 0
      ? null
      : html`<ul>
          ${messages.slice(0, 50).map((message) => html`<li>${clip(message, 600)}</li>`)}
        </ul>`
  }`;
}

function factsTable(bench: BenchResult): Html | null {
  const facts = benchFacts(bench);
  return facts.length === 0
    ? null
    : dataTable(
        'Measured beside',
        ['What', 'Figures'],
        facts.map((fact) => [...fact]),
      );
}

/** Shares of an HDR plot: ten steps to every nine. */
const SHARES = [
  0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.925, 0.95, 0.97, 0.98, 0.99, 0.995, 0.998,
  0.999, 0.9995, 0.9999, 0.99999,
] as const;

function percentilePlot(block: BlockFigures): SeriesExhibit {
  const many = block.subjects.length > 1;
  const lines = [...(many ? [block.total] : []), ...block.subjects]
    .filter(({ latencyMs }) => latencyMs !== null)
    .slice(0, LINES);
  return {
    kind: 'series',
    title: 'Latency by percentile',
    xLabel: 'one call in so many takes at least as long (10 = p90, 100 = p99, 1,000 = p99.9)',
    yLabel: 'milliseconds',
    series: lines.map(({ subject, latencyMs }) => {
      const counts = decodeLatencies(latencyMs?.histogram ?? null) ?? [];
      const known = SHARES.filter((share) => (latencyMs?.count ?? 0) * (1 - share) >= 1);
      return {
        name: subject.name === '' ? 'all' : subject.name,
        points: known.map((share): readonly [number, number] => [
          1 / (1 - share),
          latencyAtShare(counts, share),
        ]),
      };
    }),
  };
}

function timeLine({ timeline }: BlockFigures): Html | null {
  if (timeline.length < 2) return null;
  const at = (slot: (typeof timeline)[number]): number => slot.atMs / 1000;
  const perSecond = (count: number, ms: number): number => (count / ms) * 1000;
  const rates: SeriesExhibit = {
    kind: 'series',
    title: 'Rate over time',
    xLabel: 'seconds',
    yLabel: 'calls per second',
    series: [
      { name: 'begun', points: timeline.map((slot) => [at(slot), perSecond(slot.started, slot.durationMs)]) },
      { name: 'answered', points: timeline.map((slot) => [at(slot), perSecond(slot.ok, slot.durationMs)]) },
      ...(timeline.some(({ failed }) => failed > 0)
        ? [
            {
              name: 'failed',
              points: timeline.map((slot): readonly [number, number] => [
                at(slot),
                perSecond(slot.failed, slot.durationMs),
              ]),
            },
          ]
        : []),
    ],
  };
  const latency = (
    name: string,
    of: (slot: (typeof timeline)[number]) => number | null,
  ): SeriesExhibit['series'][number] => ({
    name,
    points: timeline.flatMap((slot): readonly (readonly [number, number])[] => {
      const value = of(slot);
      return value === null ? [] : [[at(slot), value]];
    }),
  });
  const latencies: SeriesExhibit = {
    kind: 'series',
    title: 'Latency over time',
    xLabel: 'seconds',
    yLabel: 'milliseconds',
    series: [
      latency('p50', (slot) => slot.p50Ms),
      latency('p99', (slot) => slot.p99Ms),
      latency('max', (slot) => slot.maxMs),
    ],
  };
  return html`<h3>Over time</h3>
    ${lineChart(rates)} ${lineChart(latencies)}`;
}

function capacity(bench: BenchResult): Html | null {
  if (bench.capacity === null) return null;
  const steps = bench.capacity.steps.toSorted((a, b) => a.offeredPerSecond - b.offeredPerSecond);
  const curve: SeriesExhibit = {
    kind: 'series',
    title: 'Throughput and latency',
    xLabel: 'calls per second answered',
    yLabel: 'milliseconds',
    series: [
      {
        name: 'p50',
        points: steps.flatMap((step) =>
          step.p50Ms === null ? [] : [[step.achievedPerSecond, step.p50Ms] as const],
        ),
      },
      {
        name: 'p99',
        points: steps.flatMap((step) =>
          step.p99 === null ? [] : [[step.achievedPerSecond, step.p99.value] as const],
        ),
      },
    ],
  };
  const rows = steps.map((step) => [
    formatFigure(step.offeredPerSecond),
    formatFigure(step.achievedPerSecond),
    step.p50Ms === null ? '–' : formatMsFigure(step.p50Ms),
    step.p99 === null ? '–' : formatMsFigure(step.p99.value),
    String(step.failures),
    step.mainUtilisation === null ? '–' : `${(step.mainUtilisation * 100).toFixed(0)} %`,
    `${formatFigure(step.littlesLaw.meanInFlight)} / ${formatFigure(step.littlesLaw.throughputTimesLatency)}`,
    step.why === null ? step.verdict : `${step.verdict}: ${step.why}`,
  ]);
  return html`<h3>Capacity</h3>
    <p>${capacityLines(bench).join(' ')}</p>
    ${lineChart(curve)}
    ${dataTable(
      "Steps of the search; Little's law compares calls in flight with rate times latency",
      ['Offered/s', 'Answered/s', 'p50 ms', 'p99 ms', 'Failed', 'Main thread', "Little's law", 'Verdict'],
      rows,
    )}`;
}

function hostile(bench: BenchResult): Html | null {
  if (bench.adversarial === null) return null;
  const { tools, cases } = bench.adversarial;
  return html`<h3>Hostile arguments</h3>
    ${dataTable(
      'Calls',
      ['Tool', 'Called', 'Answered', 'Refused'],
      tools.map((tool) => [tool.name, `${tool.calls} of ${tool.planned}`, tool.answered, tool.refused]),
    )}
    ${
      cases.length === 0
        ? null
        : dataTable(
            'What went wrong',
            ['Tool', 'What', 'Outcome', 'Detail', 'Arguments'],
            cases
              .slice(0, 200)
              .map((each) => [
                each.tool,
                each.what,
                each.outcome,
                clip(each.detail, 300),
                clip(each.arguments, 200),
              ]),
          )
    }`;
}
