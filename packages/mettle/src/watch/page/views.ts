import type { InsideLook } from '../../evidence/index.ts';
import { redactText } from '../../evidence/index.ts';
import type { WatchedServer } from '../config/config.ts';
import type { Standing } from '../store/history.ts';
import { allMissed, NOTHING_MISSED, type Missed } from '../store/missed.ts';
import type { HourRow, IncidentRow, LookRow, ToolChangeRow } from '../store/rows.ts';
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
  /** What its own runtime told at the last look, and why it could not be read; null when it tells nothing. */
  readonly inside: InsideLook | null;
  /** Share of looks that found it up, over the hours kept of the last two days; null before the first. Of slots without a look nothing is known. */
  readonly upShare: number | null;
  readonly hours: readonly HourRow[];
  /** Slots of the same time that were due and have no look, and why. */
  readonly missed: Missed;
  /** How it looks from each region; one, `local`, for a watcher alone. */
  readonly regions: readonly {
    readonly region: string;
    readonly isAlive: boolean;
    readonly status: 'up' | 'down' | 'unauthorised';
    readonly sentence: string;
    readonly lastLookAt: string;
    readonly durationMs: number;
  }[];
}

/** How many servers stand how. */
export interface FleetSummary {
  readonly servers: number;
  readonly up: number;
  readonly down: number;
  readonly unauthorised: number;
  readonly unknown: number;
  /** Of the last hour, over all servers. */
  readonly missed: Pick<Missed, 'slots' | 'reasons'>;
}

export async function fleetSummary(watcher: Watcher, nowMs: number): Promise<FleetSummary> {
  const standings = await watcher.history.standings();
  const missed = await watcher.missed(nowMs - HOUR_MS, standings);
  const counts = { up: 0, down: 0, unauthorised: 0, unknown: 0 };
  for (const { name } of watcher.config.servers) counts[statusOf(standings.get(name) ?? null)] += 1;
  const { slots, reasons } = allMissed(missed.values());
  return { servers: watcher.config.servers.length, ...counts, missed: { slots, reasons } };
}

/** Those that need somebody first. */
const WORST_FIRST: readonly ServerView['status'][] = ['down', 'unauthorised', 'unknown', 'up'];

/** The servers that a query asks for: `name` is a part of the name, `order=worst` those that are down first, `limit` so many. */
export async function chosenServers(
  { config, history }: Watcher,
  query: URLSearchParams,
): Promise<readonly WatchedServer[]> {
  const part = (query.get('name') ?? '').toLowerCase();
  const named = config.servers.filter(({ name }) => name.toLowerCase().includes(part));
  const asked = Number(query.get('limit') ?? Number.NaN);
  const limit = Number.isInteger(asked) && asked > 0 ? asked : named.length;
  if (query.get('order') !== 'worst') return named.slice(0, limit);
  const standings = await history.standings();
  const rank = ({ name }: WatchedServer): number =>
    WORST_FIRST.indexOf(statusOf(standings.get(name) ?? null));
  return named.toSorted((a, b) => rank(a) - rank(b)).slice(0, limit);
}

function statusOf(standing: Standing | null): ServerView['status'] {
  return standing?.isDown === true ? 'down' : (standing?.last?.status ?? 'unknown');
}

/** All servers, or one, as the list shows them. */
export async function serverViews(
  watcher: Watcher,
  servers: readonly WatchedServer[],
  nowMs: number,
): Promise<readonly ServerView[]> {
  const names =
    servers.length === watcher.config.servers.length ? undefined : servers.map(({ name }) => name);
  const sinceMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS - (BAR_HOURS - 1) * HOUR_MS;
  const [standings, hours] = await Promise.all([
    watcher.history.standings(names),
    watcher.history.hours(sinceMs, names),
  ]);
  const missed = await watcher.missed(sinceMs, standings, names === undefined ? undefined : servers);
  return servers.map((server) =>
    viewOf(
      server,
      standings.get(server.name) ?? null,
      hours.get(server.name) ?? [],
      missed.get(server.name) ?? NOTHING_MISSED,
    ),
  );
}

function viewOf(
  { name, spec, intervalMs }: WatchedServer,
  standing: Standing | null,
  hours: readonly HourRow[],
  missed: Missed,
): ServerView {
  const last = standing?.last ?? null;
  const sinceMs = standing?.downSinceMs ?? null;
  const looks = hours.reduce((sum, hour) => sum + hour.looks, 0);
  return {
    name,
    url: spec.kind === 'http' ? shownUrl(spec.url) : null,
    status: statusOf(standing),
    since: sinceMs === null ? null : new Date(sinceMs).toISOString(),
    sentence: last?.sentence ?? 'Not looked at yet.',
    lastLookAt: last?.startedAt ?? null,
    durationMs: last?.durationMs ?? null,
    phases: Object.fromEntries((last?.phases ?? []).map(({ phase, durationMs }) => [phase, durationMs])),
    protocolVersion: last?.protocolVersion ?? null,
    server: last?.server ?? null,
    tools: last?.tools?.count ?? null,
    certificateValidTo: last?.certificate?.validTo ?? null,
    intervalMs,
    inside: last?.inside ?? null,
    upShare: looks === 0 ? null : hours.reduce((sum, hour) => sum + hour.up, 0) / looks,
    hours,
    missed,
    regions: (standing?.regions ?? []).map(({ region, isAlive, isDown, last: each }) => ({
      region,
      isAlive,
      status: isDown ? 'down' : each.status,
      sentence: each.sentence,
      lastLookAt: each.startedAt,
      durationMs: each.durationMs,
    })),
  };
}

/** A server in full. */
export interface ServerDetail extends ServerView {
  readonly looks: readonly LookRow[];
  readonly incidents: readonly IncidentRow[];
  readonly toolChanges: readonly ToolChangeRow[];
}

export async function serverDetail(
  watcher: Watcher,
  server: WatchedServer,
  nowMs: number,
): Promise<ServerDetail> {
  const { history } = watcher;
  const [[view], looks, incidents, toolChanges] = await Promise.all([
    serverViews(watcher, [server], nowMs),
    history.looks(server.name, nowMs - 2 * 24 * HOUR_MS, DETAIL_LOOKS),
    history.incidents(50, server.name),
    history.toolChanges(server.name, 20),
  ]);
  return { ...(view ?? viewOf(server, null, [], NOTHING_MISSED)), looks, incidents, toolChanges };
}

/** Without credentials and query: keys are kept there too. */
function shownUrl(text: string): string {
  const url = new URL(text);
  return redactText(`${url.origin}${url.pathname}`);
}
