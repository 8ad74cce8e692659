import type { ProbeOutcome } from '../evidence/index.ts';
import { shownTime } from './probe/fault.ts';

/** A server that stays away is told of again this often, so that a log that was cut still says it. */
const AGAIN_MS = 3_600_000;

interface Trouble {
  readonly form: string;
  readonly sinceMs: number;
  readonly toldMs: number;
  readonly looks: number;
}

/**
 * What a log has to say of looks: the first that fails, one that fails otherwise, the first that finds the server up
 * again, and once an hour that nothing has changed. Null = nothing that was not said.
 */
export class ToldChanges {
  readonly #nowMs: () => number;
  readonly #troubles: Map<string, Trouble> = new Map();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  sentence(
    name: string,
    {
      status,
      failedPhase,
      httpStatus,
      sentence,
    }: Pick<ProbeOutcome, 'status' | 'failedPhase' | 'httpStatus' | 'sentence'>,
  ): string | null {
    const nowMs = this.#nowMs();
    const before = this.#troubles.get(name);
    if (status === 'up') {
      this.#troubles.delete(name);
      if (before === undefined) return null;
      const failed = before.looks === 1 ? '1 look that failed' : `${String(before.looks)} looks that failed`;
      return `${name}: up again after ${lasted(nowMs - before.sinceMs)} and ${failed}.`;
    }
    // Not the sentence itself: durations and times in it differ from look to look.
    const form = `${status} ${String(failedPhase)} ${String(httpStatus)}`;
    const looks = (before?.looks ?? 0) + 1;
    const sinceMs = before?.sinceMs ?? nowMs;
    const isSaid = before?.form === form && nowMs - before.toldMs < AGAIN_MS;
    this.#troubles.set(name, { form, sinceMs, looks, toldMs: isSaid ? before.toldMs : nowMs });
    if (isSaid) return null;
    return before?.form === form
      ? `${name}: not up for ${lasted(nowMs - sinceMs)} now: ${sentence}`
      : `${name}: ${sentence}`;
  }
}

function lasted(ms: number): string {
  if (ms < 120_000) return shownTime(ms);
  const minutes = Math.round(ms / 60_000);
  return minutes < 120 ? `${String(minutes)} min` : `${String(Math.round(minutes / 60))} h`;
}
