import type { Scale } from './scales.ts';
import { html, type Html } from './template.ts';

/*
 * Pictures stretch to their column: shapes in an SVG without aspect ratio (strokes keep their width),
 * all words in HTML beside it, so that they stay readable on a telephone and in print.
 */

/** Units of every plot's SVG, across and down. */
export const ACROSS = 1000;
export const DOWN = 100;

/** A number short enough for an SVG attribute. */
export function unit(value: number): number {
  return Math.round(value * 10) / 10;
}

/** One stretchable picture; `label` says in words what is drawn. */
export function plot(kind: string, label: string, shapes: readonly Html[]): Html {
  return html`<svg
    class="plot ${kind}"
    viewBox="0 0 ${ACROSS} ${DOWN}"
    preserveAspectRatio="none"
    role="img"
    aria-label="${label}"
  >
    ${shapes}
  </svg>`;
}

/** Upright lines at the ticks of a scale. */
export function gridLines(scale: Scale): Html {
  const path = scale.ticks.map((tick) => `M${unit(tick.at * ACROSS)} 0V${DOWN}`).join('');
  return html`<path class="grid" d="${path}" />`;
}

/** The scale's ticks in words, below or above a plot. */
export function axis(scale: Scale, title: string): Html {
  const ticks = scale.ticks.map((tick) => {
    const edge = tick.at < 0.04 ? ' start' : tick.at > 0.96 ? ' end' : '';
    return html`<span class="tick${edge}${tick.major ? '' : ' minor'}" style="left:${unit(tick.at * 100)}%"
      >${tick.label}</span
    >`;
  });
  return html`<div class="axis" aria-hidden="true">${ticks}</div>
    <p class="axis-title" aria-hidden="true">${title}</p>`;
}
