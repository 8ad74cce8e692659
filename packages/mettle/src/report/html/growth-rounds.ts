import type { HeapGrowthEvidence, HeapRound } from '../../evidence/index.ts';
import { callsBehind, responsible } from '../../derive/leaks/index.ts';
import { formatCount } from '../figures.ts';
import { ROUND_WORDS } from '../memory-words.ts';
import type { GrowthRow } from '../memory-words.ts';
import { ACROSS, DOWN, plot, unit } from './plot.ts';
import { html, type Html } from './template.ts';

/** Of what grew, so much is drawn; all of it is in the table. */
const DRAWN = 24;
/** Below the bars, where a telephone has no room. */
const SHORT: Readonly<Record<HeapRound['kind'], string>> = {
  'warm-up': 'warm-up',
  fresh: 'new',
  repeat: 'used',
  idle: 'idle',
};
/** Of a bar's place, what stays free beside it. */
const GAP = 0.18;

/** For each thing that grew the elements that every round left behind, beside the calls that the round made. */
export function growthByRound(evidence: HeapGrowthEvidence, rows: readonly GrowthRow[]): Html | null {
  // What is counted in bytes only has no elements to draw.
  const drawn = rows.filter(({ growth }) => growth.counts.some((count) => count > 0)).slice(0, DRAWN);
  if (evidence.rounds.length === 0 || drawn.length === 0) return null;
  return html`<div class="rows rounds">
    ${drawn.map((row) => strip(evidence, row))}
    <div class="row-axis round-names" aria-hidden="true">
      ${evidence.rounds.map(({ kind }) => html`<span>${SHORT[kind]}</span>`)}
    </div>
  </div>`;
}

function strip(evidence: HeapGrowthEvidence, row: GrowthRow): Html {
  const { growth, who, what, rate, fate, ending } = row;
  const kept = evidence.rounds.map((_, r) => growth.counts[r] ?? 0);
  const calls = callsBehind(evidence, growth, responsible(growth));
  // What was made while it warmed up is older than the first snapshot, and not counted.
  // Nor is what has no size that could be read again after the last of the new arguments.
  const expected = calls.map((count, r) => {
    const kind = evidence.rounds[r]?.kind;
    const isCounted = kind === 'fresh' || (kept[r] ?? 0) > 0 || growth.keyed === true;
    return kind !== 'warm-up' && isCounted ? count * growth.objectsPerCall : 0;
  });
  const most = Math.max(1, ...kept, ...expected);
  const place = ACROSS / evidence.rounds.length;
  const shapes = evidence.rounds.map((round, r) => {
    const x = place * (r + GAP / 2);
    const height = ((kept[r] ?? 0) / most) * DOWN * 0.94;
    const tick = DOWN - ((expected[r] ?? 0) / most) * DOWN * 0.94;
    return html`<rect
        class="kept ${fate}"
        x="${unit(x)}"
        y="${unit(DOWN - height)}"
        width="${unit(place * (1 - GAP))}"
        height="${unit(height)}"
        ><title>
          round ${r} (${ROUND_WORDS[round.kind]}): ${formatCount(kept[r] ?? 0)} kept of
          ${formatCount(calls[r] ?? 0)} calls
        </title></rect
      >${(expected[r] ?? 0) > 0 ? html`<path class="expected" d="M${unit(x)} ${unit(tick)}h${unit(place * (1 - GAP))}" />` : null}`;
  });
  const words = evidence.rounds
    .map(
      (round, r) =>
        `${ROUND_WORDS[round.kind]} ${formatCount(kept[r] ?? 0)} of ${formatCount(calls[r] ?? 0)} calls`,
    )
    .join(', ');
  return html`<div class="row">
    <div class="row-name">${who}</div>
    <div class="row-figures"><b>${rate}</b><br /><span class="fate ${fate}">${ending}</span></div>
    ${plot('strip', `${who}, ${what}, kept by round: ${words}; ${ending}`, [
      ...shapes,
      html`<path class="base" d="M0 ${DOWN}H${ACROSS}" />`,
    ])}
    <div class="row-words">${what}</div>
  </div>`;
}
