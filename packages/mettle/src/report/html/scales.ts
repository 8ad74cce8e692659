import { formatFigure } from '../figures.ts';

/** Maps values to 0…1 along an axis. */
export interface Scale {
  readonly kind: 'linear' | 'log';
  position(value: number): number;
  readonly ticks: readonly { readonly at: number; readonly label: string; readonly major: boolean }[];
}

/** About five ticks at round figures; the ends are rounded outwards to a tick, or `exact`. */
export function linearScale(min: number, max: number, ends: 'rounded' | 'exact' = 'rounded'): Scale {
  const span = max > min ? max - min : Math.abs(max) || 1;
  const step = roundStep(span / 4);
  const firstTick = Math.floor(min / step + 1e-9);
  // A hair's breadth under a tick is rounding, not a value beyond it.
  const lastTick = Math.max(firstTick + 1, Math.ceil((min + span) / step - 1e-9));
  const low = ends === 'exact' ? min : firstTick * step;
  const high = ends === 'exact' ? min + span : lastTick * step;
  const position = (value: number): number => (value - low) / (high - low);
  const ticks = Array.from({ length: lastTick - firstTick + 1 }, (_, i) => {
    const value = Number(((firstTick + i) * step).toPrecision(12));
    return { at: position(value), label: formatFigure(value), major: i % 2 === 0 };
  });
  return { kind: 'linear', position, ticks: ticks.filter(({ at }) => at >= 0 && at <= 1) };
}

function roundStep(rough: number): number {
  const power = 10 ** Math.floor(Math.log10(rough));
  const factor = rough / power;
  return power * (factor <= 1 ? 1 : factor <= 2 ? 2 : factor <= 5 ? 5 : 10);
}

/** A logarithmic axis over positive values: ticks at powers of ten, with 2 and 5 between them when there is room. */
export function logScale(min: number, max: number): Scale {
  const low = Math.log10(Math.max(min, Number.MIN_VALUE));
  const high = Math.max(Math.log10(Math.max(max, Number.MIN_VALUE)), low + 0.3);
  const position = (value: number): number =>
    (Math.log10(Math.max(value, Number.MIN_VALUE)) - low) / (high - low);
  const decades = high - low;
  const factors = decades > 3 ? [1] : decades > 1.5 ? [1, 3] : [1, 2, 5];
  const ticks: { at: number; label: string; major: boolean }[] = [];
  for (let exponent = Math.floor(low); exponent <= Math.ceil(high); exponent++) {
    for (const factor of factors) {
      const value = factor * 10 ** exponent;
      const at = position(value);
      if (at >= 0 && at <= 1)
        ticks.push({ at, label: formatFigure(Number(value.toPrecision(6))), major: factor === 1 });
    }
  }
  return { kind: 'log', position, ticks };
}
