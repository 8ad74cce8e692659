import type { Result, TimeUse, ToolTime } from '../../evidence/index.ts';
import { formatMs } from '../figures.ts';
import { KIND_NAMES, serverSentence, toolSentence, waitInWords } from '../time-use.ts';
import { ACROSS, DOWN, plot, unit } from './plot.ts';
import { html, type Html } from './template.ts';

/** Rows drawn; the table of tools has every one. */
const ROWS = 60;

/** The parts of a bar in their order, with the class that paints them. */
const PARTS = [
  ['cpu', 'computing', (use: TimeUse): number => use.cpuMs],
  ['gc', 'collecting garbage', (use: TimeUse): number => use.gcMs],
  ['held', 'event loop blocked', (use: TimeUse): number => use.blockedMs],
  ['waits', 'waiting', (use: TimeUse): number => use.waitingMs],
  ['host', 'the host’s delay', (use: TimeUse): number => use.hostDelayMs],
] as const;

/** Where a call's time goes: a stacked bar per tool, alone and together, with what is waited for in words. */
export function timeSection(result: Result, folder?: string): Html | null {
  const { time } = result;
  if (time === undefined || time === null) return null;
  const tools = result.tools
    .flatMap((tool) => (tool.time == null ? [] : [{ name: tool.name, time: tool.time }]))
    .toSorted((a, b) => b.time.totalMs - a.time.totalMs)
    .slice(0, ROWS);
  return html`<section id="time">
    <h2>Where the time goes</h2>
    <p class="lead">${serverSentence(time, folder)}</p>
    <ul class="legend parts">
      ${PARTS.map(([part, name]) => html`<li class="part ${part}">${name}</li>`)}
    </ul>
    <div class="rows">${tools.map(({ name, time: use }) => row(name, use, folder))}</div>
  </section>`;
}

function row(name: string, time: ToolTime, folder: string | undefined): Html {
  const words = toolSentence(time, folder);
  return html`<div class="row">
    <div class="row-name">${name}</div>
    <div class="row-figures"><b>${formatMs(time.totalMs)}</b> ${KIND_NAMES[time.kind]}</div>
    ${plot('stacked', `${name}: ${words}`, bars(time, folder))}
    <p class="row-words">${words}</p>
  </div>`;
}

/** Above, a call alone; below, if they were traced, several together. Each bar is the whole of its call's time. */
function bars(time: ToolTime, folder: string | undefined): readonly Html[] {
  const { together } = time;
  if (together === null) return stack(time, 0, DOWN, folder);
  return [...stack(time, 0, 0.55 * DOWN, folder), ...stack(together, 0.65 * DOWN, 0.35 * DOWN, folder)];
}

function stack(use: TimeUse, y: number, height: number, folder: string | undefined): readonly Html[] {
  let x = 0;
  return PARTS.flatMap(([part, name, of]) => {
    const ms = of(use);
    if (ms <= 0 || use.totalMs <= 0) return [];
    const width = (ms / use.totalMs) * ACROSS;
    const from = x;
    x += width;
    const what =
      part === 'waits' ? use.waitsFor.map((wait) => `${waitInWords(wait, folder)} ${formatMs(wait.ms)}`) : [];
    const told = [`${name} ${formatMs(ms)}`, ...what].join('; ');
    return [
      html`<rect
        class="part ${part}"
        x="${unit(from)}"
        y="${unit(y)}"
        width="${unit(width)}"
        height="${unit(height)}"
        ><title>${told}</title></rect
      >`,
    ];
  });
}
