import type { RaceChoice, RaceStep, TrialRecord } from '../../evidence/index.ts';
import { openThreadClock } from '../thread-clock.ts';
import { peakOpenFiles } from './file-names.ts';
import { held } from './held-steps.ts';
import type { HeldStep, StepWords } from './held-steps.ts';
import { allLanes } from './lane.ts';
import type { Lane } from './lane.ts';
import { longestJobMs } from './pool-job-cost.ts';
import { whatEscaped } from './quiescence.ts';
import { peakSockets } from './socket-counts.ts';
import { lanesOwed } from './thread-lines.ts';
import { virtualNowMs } from './virtual-clock.ts';

/** Steps that one trial may keep: what follows is counted as a livelock long before. */
const MAX_NOTED = 20_000;

/** What happens in one trial, kept as it happens. */
export class TrialRecording {
  readonly steps: RaceStep[] = [];
  readonly choices: RaceChoice[] = [];
  status: TrialRecord['status'] = 'done';
  divergedAt: number | null = null;
  overlap = 0;
  readonly #noted = new Set<string>();
  readonly #clock = openThreadClock();
  #segmentStartMs = 0;
  #longestMs = 0;
  #firstMs: number | null = null;
  #lastAnswerMs = 0;

  /** A step was chosen among others. */
  taken(step: HeldStep, enabled: readonly HeldStep[], continuation: HeldStep | null): void {
    this.steps.push(plain(step));
    this.choices.push({
      taken: step.id,
      others: enabled.filter((other) => other !== step).map(({ id }) => id),
      continues: continuation?.id ?? null,
    });
    this.#firstMs ??= virtualNowMs();
    this.#clock.read();
    this.#segmentStartMs = this.#clock.cpuMs;
  }

  /** What the step started has run: no more of it without another step. */
  ranOut(): void {
    this.#clock.read();
    this.#longestMs = Math.max(this.#longestMs, this.#clock.cpuMs - this.#segmentStartMs);
  }

  /** Something happened within the step that was taken, which nobody could place elsewhere. */
  note(lane: Lane, words: StepWords): void {
    if (this.steps.length >= MAX_NOTED) return;
    const id = `${lane.id}#${String(++lane.steps)}`;
    this.#noted.add(id);
    this.steps.push({
      id,
      lane: lane.id,
      kind: words.kind,
      phase: 'effect',
      resource: words.resource,
      writes: words.writes,
      detail: words.detail ?? '',
      site: words.site ?? null,
    });
    this.choices.push({ taken: id, others: [], continues: null });
  }

  answered(): void {
    this.#lastAnswerMs = virtualNowMs();
  }

  has(id: string): boolean {
    return this.#noted.has(id);
  }

  /** Counts the lanes that have work outstanding. */
  countOverlap(): void {
    const busy = new Set<string>();
    for (const { lane, kind, of } of held.pending) if (kind !== 'call' && of.index >= 0) busy.add(lane);
    for (const lane of lanesOwed()) busy.add(lane);
    this.overlap = Math.max(this.overlap, busy.size);
  }

  finished(): TrialRecord {
    const unanswered = [...allLanes()].some(({ answered }) => !answered);
    const endMs = unanswered ? virtualNowMs() : this.#lastAnswerMs;
    return {
      status: this.status,
      steps: this.steps,
      choices: this.choices,
      divergedAt: this.divergedAt,
      uncontrolled: whatEscaped(),
      virtualMs: Math.max(0, endMs - (this.#firstMs ?? 0)),
      overlap: this.overlap,
      longestSynchronousCpuMs: Math.round(this.#longestMs * 100) / 100,
      peakSockets: peakSockets(),
      peakFiles: peakOpenFiles(),
      peakThreadPoolJobs: held.peakPoolJobs,
      longestPoolJobCpuMs: longestJobMs(),
    };
  }
}

/** A step as it is told: without what belongs to this process. */
export function plain(step: HeldStep): RaceStep {
  const { id, lane, kind, phase, resource, writes, detail, site } = step;
  return { id, lane, kind, phase, resource, writes, detail, site };
}
