import type { InsideFacts, ToolChange } from '../../evidence/index.ts';
import type { Alert } from '../alerts/send.ts';
import type { Gap, NotedReason, Note, Shift } from './missed.ts';

/** A look as it is kept. */
export interface LookRow {
  readonly server: string;
  /** Where it was taken from; 'local' when there is one place only. */
  readonly region: string;
  readonly atMs: number;
  readonly status: 'up' | 'down' | 'unauthorised';
  readonly durationMs: number;
  readonly phases: Readonly<Record<string, number>>;
  readonly failedPhase: string | null;
  readonly sentence: string;
  /** What its own runtime told; null = nothing. */
  readonly inside: InsideFacts | null;
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
export interface ToolChangeRow {
  readonly atMs: number;
  readonly changes: readonly ToolChange[];
}
/** An alert that waits to be accepted by a channel, told by its place in the configuration. */
export interface OutboxRow {
  readonly id: number;
  readonly channel: number;
  readonly alert: Alert;
  readonly attempts: number;
}

/** A row as a database gives it. */
export type Row = Readonly<Record<string, unknown>>;

export function incidentOf(row: Row): IncidentRow {
  return {
    id: Number(row['id']),
    server: String(row['server']),
    kind: String(row['kind']),
    startedAtMs: Number(row['started_at_ms']),
    endedAtMs: row['ended_at_ms'] == null ? null : Number(row['ended_at_ms']),
    sentence: String(row['sentence']),
  };
}

export function lookOf(row: Row): LookRow {
  return {
    server: String(row['server']),
    region: String(row['region']),
    atMs: Number(row['at_ms']),
    status: String(row['status']) as LookRow['status'],
    durationMs: Number(row['duration_ms']),
    phases: JSON.parse(String(row['phases'])) as Record<string, number>,
    failedPhase: row['failed_phase'] as string | null,
    sentence: String(row['sentence']),
    inside: typeof row['inside'] === 'string' ? (JSON.parse(row['inside']) as InsideFacts) : null,
  };
}

function hourOf(row: Row): HourRow {
  return {
    hourMs: Number(row['hour_ms']),
    looks: Number(row['looks']),
    up: Number(row['up']),
    meanMs: Number(row['sum_ms']) / Math.max(1, Number(row['looks'])),
    maxMs: Number(row['max_ms']),
  };
}

export function hoursByServer(rows: readonly Row[]): ReadonlyMap<string, readonly HourRow[]> {
  const hours = new Map<string, HourRow[]>();
  for (const row of rows) {
    const server = String(row['server']);
    const known = hours.get(server);
    if (known === undefined) hours.set(server, [hourOf(row)]);
    else known.push(hourOf(row));
  }
  return hours;
}

export function toolChangeOf(row: Row): ToolChangeRow {
  return {
    atMs: Number(row['at_ms']),
    changes: JSON.parse(String(row['changes'])) as ToolChange[],
  };
}

export function outboxRowOf(row: Row): OutboxRow {
  return {
    id: Number(row['id']),
    channel: Number(row['channel']),
    alert: JSON.parse(String(row['body'])) as Alert,
    attempts: Number(row['attempts']),
  };
}

export function gapOf(row: Row): Gap {
  return {
    server: String(row['server']),
    region: String(row['region']),
    afterMs: Number(row['after_ms']),
    beforeMs: Number(row['before_ms']),
    everyMs: Number(row['every_ms']),
    late: Array.isArray(row['late']) ? row['late'].map(Number) : [],
    isOpen: false,
  };
}

export function noteOf(row: Row): Note {
  return {
    server: row['server'] as string | null,
    region: String(row['region']),
    fromMs: Number(row['from_ms']),
    toMs: Number(row['to_ms']),
    reason: String(row['reason']) as NotedReason,
  };
}

export function shiftOf(row: Row): Shift {
  return {
    region: String(row['region']),
    sinceMs: Number(row['since_ms']),
    signMs: Number(row['sign_ms']),
    untilMs: Number(row['until_ms']),
    hasLeft: Boolean(row['has_left']),
  };
}
