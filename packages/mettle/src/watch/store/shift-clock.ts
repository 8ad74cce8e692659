import type { Shift } from './missed.ts';

/**
 * When this process is there to take looks. It gives signs; between two that are further apart than one is good for it stood
 * still, or the machine slept: what was due meanwhile had nobody.
 */
export class ShiftClock {
  readonly #region: string;
  readonly #leaseMs: number;
  #shift: Shift | null = null;

  constructor(region: string, leaseMs: number) {
    this.#region = region;
    this.#leaseMs = leaseMs;
  }

  begin(nowMs: number): Shift {
    const untilMs = nowMs + this.#leaseMs;
    this.#shift = { region: this.#region, sinceMs: nowMs, signMs: nowMs, untilMs, hasLeft: false };
    return this.#shift;
  }

  /** What is to be written down by now: nothing when it has not begun, or is over. */
  sign(nowMs: number): readonly Shift[] {
    const last = this.#shift;
    if (last === null || last.hasLeft) return [];
    // It lives, so what it had in hand was not cut short.
    if (nowMs > last.untilMs) return [{ ...last, hasLeft: true }, this.begin(nowMs)];
    this.#shift = { ...last, signMs: nowMs, untilMs: nowMs + this.#leaseMs };
    return [this.#shift];
  }

  /** Takes nothing more, of its own accord. */
  leave(nowMs: number): readonly Shift[] {
    const signed = this.sign(nowMs);
    const last = signed.at(-1);
    if (last === undefined) return [];
    this.#shift = { ...last, untilMs: nowMs, hasLeft: true };
    return [...signed.slice(0, -1), this.#shift];
  }
}
