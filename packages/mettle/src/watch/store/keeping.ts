import type { ProbeOutcome } from '../../evidence/index.ts';
import type { Alert } from '../alerts/send.ts';
import type { Turn } from '../alerts/hysteresis.ts';
import { HOUR_MS, type TakenLook } from './history.ts';

/** A look as a row of either database. */
export interface LookValues {
  readonly server: string;
  readonly region: string;
  readonly slotMs: number;
  readonly atMs: number;
  readonly status: ProbeOutcome['status'];
  readonly durationMs: number;
  readonly phases: string;
  readonly failedPhase: string | null;
  readonly sentence: string;
  /** What the server's own runtime told, as JSON; null = nothing. */
  readonly inside: string | null;
  readonly hourMs: number;
  /** 1 or 0, to be added up. */
  readonly up: number;
}

export function valuesOf({ server, region, slotMs, outcome }: TakenLook): LookValues {
  const { status, durationMs, phases, failedPhase, sentence } = outcome;
  const atMs = Date.parse(outcome.startedAt);
  return {
    server: server.name,
    region,
    slotMs,
    atMs,
    status,
    durationMs,
    phases: JSON.stringify(
      Object.fromEntries(phases.map((each) => [each.phase, Math.round(each.durationMs * 10) / 10])),
    ),
    failedPhase,
    sentence: status === 'up' ? '' : sentence,
    inside: outcome.inside?.facts == null ? null : JSON.stringify(outcome.inside.facts),
    hourMs: Math.floor(atMs / HOUR_MS) * HOUR_MS,
    up: status === 'down' ? 0 : 1,
  };
}

/** What is told of a turn. Both ends of an incident bear its number. */
export function alertOf(
  incident: number,
  server: string,
  atMs: number,
  { kind, turn, sentence }: Turn,
): { readonly key: string; readonly alert: Alert } {
  const alert: Alert = {
    incident: `mettle-${String(incident)}-${kind}`,
    kind,
    state: turn === 'ends' ? 'resolved' : 'triggered',
    server,
    at: new Date(atMs).toISOString(),
    sentence,
  };
  return { key: `${alert.incident}:${alert.state}`, alert };
}

/** The end of an incident waits for its beginning: told the other way round it would stay open for good. */
export function firstOfItsIncident(table: string, row: string): string {
  return `NOT EXISTS (SELECT 1 FROM ${table} AS earlier WHERE earlier.channel = ${row}.channel
    AND earlier.key = replace(${row}.key, ':resolved', ':triggered') AND earlier.id <> ${row}.id
    AND earlier.sent_at_ms IS NULL)`;
}
