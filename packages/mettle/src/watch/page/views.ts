import { redactText } from '../../evidence/index.ts';
import type { WatchedServer } from '../config/config.ts';
import type { HourRow, IncidentRow, LookRow } from '../store/rows.ts';
import type { Watcher } from '../watcher.ts';

const HOUR_MS = 3_600_000;
/** Hours in the bar of each server. */
const BAR_HOURS = 48;
const DETAIL_LOOKS = 240;

/** A server as the list shows it. Holds no header, token or environment of the configuration. */
export interface ServerView {
  readonly name: string;
  readonly url: string | null;
  readonly status: 'up' | 'down' | 'unauthorised' | 'unknown';
  readonly since: string | null;
  readonly sentence: string;
  readonly lastLookAt: string | null;
  readonly durationMs: number | null;
  readonly phases: Readonly<Record<string, number>>;
  readonly protocolVersion: string | null;
  readonly server: { readonly name: string; readonly version: string } | null;
  readonly tools: number | null;
  readonly certificateValidTo: string | null;
  readonly intervalMs: number;
  /** Share of looks that found it up, over the hours kept of the last two days; null before the first. */
  readonly upShare: number | null;
  readonly hours: readonly HourRow[];
}

export function serverView(watcher: Watcher, server: WatchedServer, nowMs: number): ServerView {
  const { name, spec, intervalMs } = server;
  const last = watcher.last(name);
  const state = watcher.state(name);
  const down = watcher.store.openIncident(name, 'down');
  const hours = watcher.store.hours(name, Math.floor(nowMs / HOUR_MS) * HOUR_MS - (BAR_HOURS - 1) * HOUR_MS);
  const looks = hours.reduce((sum, hour) => sum + hour.looks, 0);
  return {
    name,
    url: spec.kind === 'http' ? shownUrl(spec.url) : null,
    status: state.down ? 'down' : (last?.status ?? 'unknown'),
    since: down === null ? null : new Date(down.startedAtMs).toISOString(),
    sentence: last?.sentence ?? 'Not looked at yet.',
    lastLookAt: last?.startedAt ?? null,
    durationMs: last?.durationMs ?? null,
    phases: Object.fromEntries((last?.phases ?? []).map(({ phase, durationMs }) => [phase, durationMs])),
    protocolVersion: last?.protocolVersion ?? null,
    server: last?.server ?? null,
    tools: last?.tools?.count ?? null,
    certificateValidTo: last?.certificate?.validTo ?? null,
    intervalMs,
    upShare: looks === 0 ? null : hours.reduce((sum, hour) => sum + hour.up, 0) / looks,
    hours,
  };
}

/** A server in full. */
export interface ServerDetail extends ServerView {
  readonly looks: readonly LookRow[];
  readonly incidents: readonly IncidentRow[];
  readonly toolChanges: ReturnType<Watcher['store']['toolChanges']>;
}

export function serverDetail(watcher: Watcher, server: WatchedServer, nowMs: number): ServerDetail {
  return {
    ...serverView(watcher, server, nowMs),
    looks: watcher.store.looks(server.name, nowMs - 2 * 24 * HOUR_MS, DETAIL_LOOKS),
    incidents: watcher.store.incidents(50, server.name),
    toolChanges: watcher.store.toolChanges(server.name, 20),
  };
}

/** Without credentials and query: keys are kept there too. */
function shownUrl(text: string): string {
  const url = new URL(text);
  return redactText(`${url.origin}${url.pathname}`);
}
