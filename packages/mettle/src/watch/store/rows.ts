/** A look as it is kept. */
export interface LookRow {
  readonly server: string;
  readonly atMs: number;
  readonly status: 'up' | 'down' | 'unauthorised';
  readonly durationMs: number;
  readonly phases: Readonly<Record<string, number>>;
  readonly failedPhase: string | null;
  readonly sentence: string;
}
export interface IncidentRow {
  readonly id: number;
  readonly server: string;
  readonly kind: string;
  readonly startedAtMs: number;
  readonly endedAtMs: number | null;
  readonly sentence: string;
}
export interface HourRow {
  readonly hourMs: number;
  readonly looks: number;
  readonly up: number;
  readonly meanMs: number;
  readonly maxMs: number;
}
export interface OutboxRow {
  readonly id: number;
  readonly channel: number;
  readonly body: string;
  readonly attempts: number;
}
/** What a server's hysteresis must remember over a restart. */
export interface ServerState {
  readonly down: boolean;
  readonly failuresInRow: number;
  readonly successesInRow: number;
  readonly slow: boolean;
  readonly slowInRow: number;
  readonly certificateWarned: string | null;
  readonly digest: string | null;
  readonly era: '2025' | '2026' | null;
}

/** An incident as the database gives it. */
export function incidentOf(row: Readonly<Record<string, unknown>>): IncidentRow {
  return {
    id: Number(row['id']),
    server: String(row['server']),
    kind: String(row['kind']),
    startedAtMs: Number(row['started_at_ms']),
    endedAtMs: row['ended_at_ms'] == null ? null : Number(row['ended_at_ms']),
    sentence: String(row['sentence']),
  };
}
