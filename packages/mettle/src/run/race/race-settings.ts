/** What `mettle race` is told besides what every examination is. */
export interface RaceSettings {
  /** Schedules with more preemptions are not tried. */
  readonly preemptionBound: number;
  /** Two: replicas on one working copy. */
  readonly processes: number;
  /** JSON paths in answers and files that are not compared. */
  readonly ignore: readonly string[];
  /** The one schedule that is to be shown again; null for a search. */
  readonly replay: string | null;
}

/** facts: all bugs of CHESS, and all eight planted ones, need two preemptions at most. */
export const USUAL_RACE: RaceSettings = { preemptionBound: 2, processes: 1, ignore: [], replay: null };
