import type { HeapGrowthEvidence } from '../../evidence/index.ts';
import { formatBytes, formatDuration } from '../figures.ts';
import { ROUND_WORDS } from '../memory-words.ts';
import type { Level, MemoryTimeline } from '../memory-words.ts';
import { ACROSS, axis, DOWN, gridLines, plot, unit } from './plot.ts';
import { linearScale, type Scale } from './scales.ts';
import { html, type Html } from './template.ts';

const MIB = 2 ** 20;
/** An axis spans at least so much of its highest value. */
const LEAST_SPAN = 0.2;

/** The heap before and after each collection, and beside it what is outside of it, over one time axis. */
export function heapTimeline(timeline: MemoryTimeline, growth: HeapGrowthEvidence | undefined): Html {
  const { levels } = timeline;
  const last = levels.at(-1) as Level;
  const x = linearScale(0, Math.max(0.001, last.atMs / 1000), 'exact');
  const before = timeline.of === 'driven' ? 'before each collection' : 'at any moment';
  return html`<div class="timeline">
    ${panel({ title: 'Heap in use', of: (level) => level.heapUsedBytes, levels, x, before, bands: bands(growth, x) })}
    <ul class="legend">
      <li class="s0">after each collection of all garbage</li>
      <li class="s4">${before}</li>
    </ul>
    <div class="two">
      ${panel({ title: 'Outside the heap: buffers and the like', of: (level) => level.externalBytes, levels, x, before: null, bands: [] })}
      ${panel({ title: 'Resident, of the whole process', of: (level) => level.rssBytes, levels, x, before: null, bands: [] })}
    </div>
  </div>`;
}

interface Panel {
  readonly title: string;
  readonly of: (level: Level) => number;
  readonly levels: readonly Level[];
  readonly x: Scale;
  /** What the thin line stands for; null for none. */
  readonly before: string | null;
  readonly bands: readonly Html[];
}

function panel({ title, of, levels, x, before, bands: shades }: Panel): Html {
  const after = levels.filter(({ collected }) => collected);
  // What only ever is read in passing is still better than nothing.
  const main = after.length > 1 ? after : levels;
  const shown = before === null ? main : levels;
  const values = shown.map((level) => of(level) / MIB);
  const [low, high] = [Math.min(...values), Math.max(...values)];
  // What stays level is to look level.
  const room = Math.max(0, LEAST_SPAN * high - (high - low)) / 2;
  const y = linearScale(Math.max(0, low - room), high + room);
  const at = (level: Level): string =>
    `${unit(x.position(level.atMs / 1000) * ACROSS)} ${unit((1 - y.position(of(level) / MIB)) * DOWN)}`;
  const [first, last] = [main[0] as Level, main.at(-1) as Level];
  const label = `${title}: from ${formatBytes(of(first))} to ${formatBytes(of(last))} in ${formatDuration(last.atMs)}${after.length > 1 ? `, after each of ${after.length} collections` : ''}`;
  return html`<figure class="panel">
    <figcaption>${title} <small>${formatBytes(of(first))} → ${formatBytes(of(last))}</small></figcaption>
    <div class="chart">
      <div class="y-axis" aria-hidden="true">
        ${y.ticks.map((tick) => html`<span style="top:${unit((1 - tick.at) * 100)}%">${tick.label}</span>`)}
      </div>
      ${plot('lines', label, [
        ...shades,
        gridLines(x),
        html`<path
          class="grid"
          d="${y.ticks.map((tick) => `M0 ${unit((1 - tick.at) * DOWN)}H${ACROSS}`).join('')}"
        />`,
        ...(before === null
          ? []
          : [html`<g class="s4 saw"><path class="line" d="M${levels.map(at).join('L')}" /></g>`]),
        html`<g class="s0"
          ><path
            class="line"
            d="M${main.map(at).join('L')}"
          />${main.length <= 60 ? html`<path class="dots" d="${main.map((level) => `M${at(level)}h0`).join('')}" />` : null}</g
        >`,
      ])}
      ${axis(x, 'seconds, MiB upwards')}
    </div>
  </figure>`;
}

/** The rounds as shades behind the lines: the time up to the reading that follows each. */
function bands(growth: HeapGrowthEvidence | undefined, x: Scale): readonly Html[] {
  if (growth === undefined) return [];
  const from = growth.timeline[0]?.atMs ?? 0;
  return growth.rounds.flatMap((round, r) => {
    const end = growth.timeline.find((reading) => reading.round === r && reading.collected === 'before');
    if (end === undefined) return [];
    const endMs = end.atMs - from;
    const startMs = Math.max(0, endMs - round.durationMs);
    const left = x.position(startMs / 1000) * ACROSS;
    const width = Math.max(2, (x.position(endMs / 1000) - x.position(startMs / 1000)) * ACROSS);
    return [
      html`<rect class="band ${round.kind}" x="${unit(left)}" y="0" width="${unit(width)}" height="${DOWN}"
        ><title>round ${r}: ${ROUND_WORDS[round.kind]}</title></rect
      >`,
    ];
  });
}
