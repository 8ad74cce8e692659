/** How an operation ended; all but `ok` are the `error.type` of OpenTelemetry. */
export type Outcome = 'ok' | 'tool_error' | 'error' | 'cancelled' | 'timed_out' | 'refused';

/** Upper bounds in seconds, as OpenTelemetry's MCP conventions give them. */
export const DURATION_BUCKETS_S: readonly number[] = [
  0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10, 30, 60, 120, 300,
];

/** Durations of operations that ended the same way. */
export interface Series {
  count: number;
  sumS: number;
  /** One more than there are bounds: the last takes what is above all of them. */
  readonly buckets: number[];
}

/** One tool, prompt or kind of resource, or a method that has none. */
export class Operation {
  readonly method: string;
  readonly name: string;
  running = 0;
  readonly #byOutcome = new Map<Outcome, Series>();

  constructor(method: string, name: string) {
    this.method = method;
    this.name = name;
  }

  /** Counts one that ended; tens of nanoseconds. */
  record(outcome: Outcome, tookMs: number): void {
    let series = this.#byOutcome.get(outcome);
    if (series === undefined) {
      series = { count: 0, sumS: 0, buckets: Array.from({ length: DURATION_BUCKETS_S.length + 1 }, () => 0) };
      this.#byOutcome.set(outcome, series);
    }
    const tookS = tookMs / 1000;
    series.count++;
    series.sumS += tookS;
    let bucket = 0;
    while (bucket < DURATION_BUCKETS_S.length && tookS > (DURATION_BUCKETS_S[bucket] as number)) bucket++;
    (series.buckets[bucket] as number)++;
  }

  outcomes(): Iterable<[Outcome, Readonly<Series>]> {
    return this.#byOutcome.entries();
  }

  count(outcome: Outcome): number {
    return this.#byOutcome.get(outcome)?.count ?? 0;
  }
}
