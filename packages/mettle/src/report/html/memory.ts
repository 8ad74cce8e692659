import type { Bundle } from '../../evidence/index.ts';
import { growingSites, LEAST_SAMPLES } from '../../derive/memory-watch/index.ts';
import { formatPlace, homeOf } from '../../derive/frames.ts';
import { formatBytes, formatCount } from '../figures.ts';
import { GROWTH_COLUMNS, growthCells, growthRows, memoryTimeline, pausesSentence } from '../memory-words.ts';
import { growthByRound } from './growth-rounds.ts';
import { heapTimeline } from './heap-timeline.ts';
import { dataTable } from './tables.ts';
import { html, type Html } from './template.ts';

const MOST_SITES = 20;

/** What the memory did, what grew in which round, and whether that ends; null when nobody looked. */
export function memorySection(bundle: Bundle): Html | null {
  const { heapGrowth, memoryWatch } = bundle.evidence;
  const timeline = memoryTimeline(bundle);
  if (timeline === null) return null;
  const rows = heapGrowth === undefined ? [] : growthRows(heapGrowth);
  return html`<section id="memory">
    <h2>Memory</h2>
    <p class="lead">
      ${
        timeline.of === 'driven'
          ? 'After each round of calls (shaded) all garbage was collected: what stays is kept by something. After the rounds what still grew was called on, to see whether it ends.'
          : 'While clients called the server. What is left after a collection of all garbage is kept by something.'
      }
      ${memoryWatch === undefined ? null : pausesSentence(memoryWatch)}
    </p>
    ${heapTimeline(timeline, heapGrowth)}
    ${
      heapGrowth === undefined || rows.length === 0
        ? null
        : html`<h3>What grew, by round</h3>
            <p class="note">
              Bars: elements made in a round and alive at the end. Lines: what the calls of that round would
              leave at the rate told. A bar that meets its line in each round of new arguments belongs to
              those calls.
            </p>
            ${growthByRound(heapGrowth, rows)}
            <details>
              <summary>In figures</summary>
              ${dataTable('What grew', GROWTH_COLUMNS, rows.map(growthCells))}
            </details>`
    }
    ${survivors(bundle)}
  </section>`;
}

/** Of a server in use: which functions allocated what is alive, by when. */
function survivors({ evidence: { memoryWatch, target } }: Bundle): Html | null {
  if (memoryWatch === undefined || target === undefined) return null;
  const sites = growingSites(memoryWatch, homeOf(target)).slice(0, MOST_SITES);
  if (sites.length === 0) return null;
  const rows = sites.map(({ at, bytes, samples, births, grows }) => [
    at.function === '' ? '(anonymous)' : at.function,
    formatPlace(at, target.cwd),
    grows ? 'all the time' : samples < LEAST_SAMPLES ? 'too few samples to say' : 'not all the time',
    births.join(' '),
    formatCount(samples),
    formatBytes(bytes),
  ]);
  return html`<h3>Allocated while Mettle watched, and still alive</h3>
    ${dataTable(
      'By function, at the line where it begins; births: samples by part of the watch',
      ['Function', 'Begins at', 'Allocated', 'Births', 'Samples', 'Alive'],
      rows,
    )}`;
}
