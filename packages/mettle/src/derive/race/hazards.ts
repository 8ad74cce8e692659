import type { RaceStep } from '../../evidence/index.ts';

/** A write whose input is older than another lane's write: what that one wrote is lost. Numbers of steps, from 0. */
export interface StaleWrite {
  readonly read: number;
  readonly lost: number;
  readonly write: number;
}

/** A read between the parts of another lane's write. */
export interface HalfRead {
  readonly begun: number;
  readonly read: number;
  readonly ended: number;
}

/** The first stale write of the steps; null when there is none that the steps show. */
export function staleWriteOf(steps: readonly RaceStep[]): StaleWrite | null {
  for (const [write, step] of steps.entries()) {
    // What is appended overwrites nothing.
    if (!isWrite(step) || /append/i.test(step.kind)) continue;
    const read = steps.slice(0, write).findLastIndex((earlier) => isRead(earlier) && isSame(earlier, step));
    if (read < 0) continue;
    const lost = steps.findIndex(
      (between, i) => i > read && i < write && isWrite(between) && isOther(between, step),
    );
    if (lost >= 0) return { read, lost, write };
  }
  return null;
}

/** The first read of a half-written resource; null when there is none. */
export function halfReadOf(steps: readonly RaceStep[]): HalfRead | null {
  for (const [read, step] of steps.entries()) {
    if (!isRead(step)) continue;
    const begun = steps.slice(0, read).findLastIndex((earlier) => isWrite(earlier) && isOther(earlier, step));
    if (begun < 0) continue;
    const writer = steps[begun] as RaceStep;
    // It began anew when it read in between; of one site, or one operation that is opened and then written.
    const ended = steps.findIndex(
      (later, i) => i > read && later.lane === writer.lane && isWrite(later) && isSame(later, writer),
    );
    const reread = steps.findIndex(
      (later, i) => i > begun && later.lane === writer.lane && isRead(later) && isSame(later, writer),
    );
    if (ended >= 0 && (reread < 0 || reread > ended)) return { begun, read, ended };
  }
  return null;
}

function isWrite(step: RaceStep): boolean {
  return step.writes && step.phase === 'effect' && step.resource !== null;
}

const READING = /read|stat|access|exists|opendir|data$/i;

function isRead(step: RaceStep): boolean {
  return !step.writes && step.phase === 'effect' && step.resource !== null && READING.test(step.kind);
}

function isSame(a: RaceStep, b: RaceStep): boolean {
  return a.lane === b.lane && a.resource === b.resource;
}

function isOther(a: RaceStep, b: RaceStep): boolean {
  return a.lane !== b.lane && a.resource === b.resource;
}
