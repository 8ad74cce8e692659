import type { Stage, StageName } from './plan.ts';

/** What a run tells while it goes. `done` and `remainingMs` are of the whole run. */
export interface Progress {
  readonly title: string;
  readonly subject: string | null;
  readonly calls: number;
  /** 0 to 1. */
  readonly done: number;
  readonly remainingMs: number;
}

/** Turns the progress of single stages into that of the run: a stage counts as much as its budget. */
export class RunProgress {
  readonly #stages: readonly Stage[];
  readonly #tell: (progress: Progress) => void;
  readonly #totalMs: number;
  #at = 0;

  constructor(stages: readonly Stage[], tell: (progress: Progress) => void) {
    this.#stages = stages;
    this.#tell = tell;
    this.#totalMs = stages.reduce((sum, stage) => sum + stage.budgetMs, 0);
  }

  begin(name: StageName): void {
    this.#at = this.#stages.findIndex((stage) => stage.name === name);
    this.within({ subject: null, done: 0, calls: 0 });
  }

  within(inside: { readonly subject: string | null; readonly done: number; readonly calls: number }): void {
    const stage = this.#stages[this.#at];
    if (stage === undefined) return;
    const beforeMs = this.#stages.slice(0, this.#at).reduce((sum, earlier) => sum + earlier.budgetMs, 0);
    const doneMs = beforeMs + stage.budgetMs * Math.min(1, inside.done);
    this.#tell({
      title: stage.title,
      subject: inside.subject,
      calls: inside.calls,
      done: doneMs / this.#totalMs,
      remainingMs: this.#totalMs - doneMs,
    });
  }
}
