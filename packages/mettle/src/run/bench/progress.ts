import type { LiveFigures } from '../../load/index.ts';
import { monotonicMs } from '../../session/index.ts';
import type { BenchRequest } from './request.ts';

/** Time that a part of a run usually takes, for the time left; measuring takes what the user said. */
const USUAL_MS: Readonly<Record<string, number>> = {
  'reaching the server': 1500,
  'calling each subject alone': 1500,
  'warming up': 3000,
  'looking for the knee': 45_000,
  'calling with hostile arguments': 30_000,
};

export const REPLAYING = 'replaying the recording';

/** Tells how far a benchmark is. */
export class BenchClock {
  readonly #request: BenchRequest;
  readonly #parts: readonly (readonly [title: string, durationMs: number])[];
  #at = 0;
  #detail: string | null = null;
  #share = 0;
  #begunAtMs = 0;

  constructor(request: BenchRequest) {
    this.#request = request;
    const { settings } = request;
    const hostile = settings.arguments === 'adversarial';
    const parts = hostile
      ? ['reaching the server', 'calling each subject alone', 'calling with hostile arguments']
      : settings.replay !== null
        ? ['reaching the server', REPLAYING]
        : ['reaching the server', 'calling each subject alone', 'warming up', 'measuring'];
    if (!hostile && settings.p99BudgetMs !== null) parts.push('looking for the knee');
    const shape = settings.shape;
    const measuredMs =
      shape.kind === 'open'
        ? shape.stages.reduce((sum, stage) => sum + stage.durationMs, 0)
        : shape.kind === 'replay'
          ? Math.max(1, shape.durationMs)
          : settings.durationMs;
    this.#parts = parts.map((title) => [title, USUAL_MS[title] ?? measuredMs] as const);
  }

  begin(title: string): void {
    const at = this.#parts.findIndex(([name]) => name === title);
    if (at >= 0) this.#at = at;
    this.#detail = null;
    this.#share = 0;
    this.#begunAtMs = monotonicMs();
    this.#tell(null);
  }

  within(share: number, detail: string): void {
    this.#share = share;
    this.#detail = detail;
    this.#tell(null);
  }

  live(live: LiveFigures): void {
    this.#tell(live);
  }

  #tell(live: LiveFigures | null): void {
    const [title, durationMs] = this.#parts[this.#at] as readonly [string, number];
    const elapsed = (monotonicMs() - this.#begunAtMs) / durationMs;
    const share = Math.min(0.99, this.#share > 0 ? this.#share : elapsed);
    const totalMs = this.#parts.reduce((sum, [, ms]) => sum + ms, 0);
    const beforeMs = this.#parts.slice(0, this.#at).reduce((sum, [, ms]) => sum + ms, 0);
    const doneMs = beforeMs + share * durationMs;
    this.#request.onProgress({
      title: this.#detail === null ? title : `${title}: ${this.#detail}`,
      done: doneMs / totalMs,
      remainingMs: totalMs - doneMs,
      live,
    });
  }
}
