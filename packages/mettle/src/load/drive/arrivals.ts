import type { LoadShape } from '../../evidence/index.ts';

type OpenShape = Extract<LoadShape, { readonly kind: 'open' }>;

/** Intended starts of an open loop, one after the other, in ms from its beginning; ends with the last stage. */
export function* arrivals(
  shape: Pick<OpenShape, 'arrivals' | 'stages'>,
  random: () => number,
): Generator<number, void> {
  let stageStartMs = 0;
  // Calls due so far; the n-th starts when the integral of the rate reaches its number.
  let due = shape.arrivals === 'constant' ? 0.5 : exponential(random);
  let before = 0;
  for (const { durationMs, fromPerSecond, toPerSecond } of shape.stages) {
    const calls = ((fromPerSecond + toPerSecond) / 2) * (durationMs / 1000);
    while (due < before + calls) {
      yield stageStartMs + timeOf(due - before, durationMs, fromPerSecond, toPerSecond);
      due += shape.arrivals === 'constant' ? 1 : exponential(random);
    }
    before += calls;
    stageStartMs += durationMs;
  }
}

/** When a rate that goes straight from one value to another has made so many calls. */
function timeOf(calls: number, durationMs: number, fromPerSecond: number, toPerSecond: number): number {
  const slope = (toPerSecond - fromPerSecond) / (durationMs / 1000);
  if (slope === 0) return (calls / fromPerSecond) * 1000;
  // from·t + slope·t²/2 = calls, in a form that stays exact for small slopes.
  const root = Math.sqrt(Math.max(0, fromPerSecond ** 2 + 2 * slope * calls));
  return ((2 * calls) / (fromPerSecond + root)) * 1000;
}

function exponential(random: () => number): number {
  return -Math.log(1 - random());
}

/** How long the stages last together. */
export function durationOf(shape: Pick<OpenShape, 'stages'>): number {
  return shape.stages.reduce((sum, stage) => sum + stage.durationMs, 0);
}
