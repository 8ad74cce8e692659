import type { CallOutcomes, FailureKind, Subject, SubjectFigures } from '../../evidence/index.ts';
import { LatencySamples } from './latency-samples.ts';

/** Counts what became of the calls of one subject, or of all. */
export class SubjectTally {
  readonly subject: Subject;
  readonly #samples: LatencySamples = new LatencySamples();
  readonly #failures: Partial<Record<FailureKind, number>> = {};
  readonly #firstMessages: Partial<Record<FailureKind, string>> = {};
  #failed = 0;
  #failedMs = 0;
  #bytesSent = 0;
  #bytesReceived = 0;

  constructor(subject: Subject) {
    this.subject = subject;
  }

  get calls(): number {
    return this.#samples.count + this.#failed;
  }
  get ok(): number {
    return this.#samples.count;
  }
  get failed(): number {
    return this.#failed;
  }
  /** Of all calls together, failures too. */
  get sumMs(): number {
    return this.#samples.sumMs + this.#failedMs;
  }

  succeeded(latencyMs: number, bytesSent: number, bytesReceived: number): void {
    this.#samples.add(latencyMs);
    this.#bytesSent += bytesSent;
    this.#bytesReceived += bytesReceived;
  }

  failedWith(
    kind: FailureKind,
    message: string | null,
    took: { readonly latencyMs: number; readonly bytesSent: number; readonly bytesReceived: number },
  ): void {
    this.#failed++;
    this.#failedMs += took.latencyMs;
    this.#bytesSent += took.bytesSent;
    this.#bytesReceived += took.bytesReceived;
    this.#failures[kind] = (this.#failures[kind] ?? 0) + 1;
    if (message !== null) this.#firstMessages[kind] ??= message;
  }

  outcomes(): CallOutcomes {
    return {
      calls: this.calls,
      ok: this.ok,
      failures: { ...this.#failures },
      firstMessages: { ...this.#firstMessages },
    };
  }

  figures(): SubjectFigures {
    return {
      subject: this.subject,
      outcomes: this.outcomes(),
      bytesSent: this.#bytesSent,
      bytesReceived: this.#bytesReceived,
      latencyMs: this.#samples.figures(),
    };
  }
}
