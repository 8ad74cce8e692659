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

  /** What is to be written down by now; null = it has not begun, or is over. */
  sign(nowMs: number): Shift | null {
    if (this.#shift === null || this.#shift.hasLeft) return null;
    if (nowMs > this.#shift.untilMs) return this.begin(nowMs);
    this.#shift = { ...this.#shift, signMs: nowMs, untilMs: nowMs + this.#leaseMs };
    return this.#shift;
  }

  /** Takes nothing more, of its own accord. */
  leave(nowMs: number): Shift | null {
    const last = this.sign(nowMs);
    if (last === null) return null;
    this.#shift = { ...last, untilMs: nowMs, hasLeft: true };
    return this.#shift;
  }
}
