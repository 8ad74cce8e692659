/** What each run of a history measured of one subject, and where its level changed. */
export interface HistoryEvidence {
  readonly file: string;
  readonly entries: readonly HistoryEntry[];
  readonly changes: readonly HistoryChange[];
}

export interface HistoryEntry {
  readonly at: string;
  readonly commit: string | null;
  readonly environment: string;
  readonly tools: Readonly<
    Record<string, { readonly cpuOverYardstick: number | null; readonly latencyOverYardstick: number | null }>
  >;
}

/** A change of level: from this run on, the figure was another one. */
export interface HistoryChange {
  readonly tool: string;
  readonly figure: 'cpuOverYardstick' | 'latencyOverYardstick';
  readonly at: string;
  readonly commit: string | null;
  readonly before: number;
  readonly after: number;
  /** How often chance alone would show so clear a change. */
  readonly p: number;
}
