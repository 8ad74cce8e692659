import type { ProbeOutcome } from '../../evidence/index.ts';
import type { WatchedServer } from '../config/config.ts';
import type { Turn } from '../alerts/hysteresis.ts';
import type { Gap, Missed, Note } from './missed.ts';
import type { HourRow, IncidentRow, LookRow, OutboxRow, ToolChangeRow } from './rows.ts';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 86_400_000;
/** Single looks are kept this long; then hours are. */
export const RAW_MS: number = 2 * DAY_MS;
/** The one place that a watcher alone looks from. */
export const LOCAL = 'local';

/** A look to be kept. */
export interface TakenLook {
  readonly server: WatchedServer;
  readonly region: string;
  /** When it was to be taken: with server and region, what makes it one of its kind. */
  readonly slotMs: number;
  readonly outcome: ProbeOutcome;
}

/** How a server looks from one region. */
export interface RegionStanding {
  readonly region: string;
  /** Whether anybody looks from there at present. */
  readonly isAlive: boolean;
  /** Down as seen from there: so many looks in a row. */
  readonly isDown: boolean;
  /** The last look; the texts of the tools are left out of it. */
  readonly last: ProbeOutcome;
  /** The last slot that was looked at; null = not known yet. */
  readonly slotMs: number | null;
}

/** How a server stands. */
export interface Standing {
  /** What the quorum says. */
  readonly isDown: boolean;
  readonly downSinceMs: number | null;
  /** Of the regions alive, so many must say so. */
  readonly quorum: number;
  readonly regions: readonly RegionStanding[];
  /** The look to show: the newest of those that the quorum agrees with; null before the first. */
  readonly last: ProbeOutcome | null;
}

/** What keeping a look changed. */
export interface KeptLook {
  readonly standing: Standing;
  readonly turns: readonly Turn[];
}

/** What a watcher remembers: in a file of its own, or in Postgres with others. */
export interface History {
  /** From now on looks of these servers are taken: what was due of others is due no more. */
  begin(servers: readonly string[], nowMs: number): Promise<void>;
  /** No more are taken. Never rejects. */
  leave(nowMs: number): Promise<void>;
  /**
   * Keeps looks, judges each, puts the alerts that follow into the outbox, and writes down the slots missed before each: all
   * of it or nothing. Null for a look that had been kept before.
   */
  record(looks: readonly TakenLook[]): Promise<readonly (KeptLook | null)[]>;
  /** Keeps why slots were passed over. */
  note(notes: readonly Note[]): Promise<void>;
  /** How the servers named stand; without names, all. One never looked at is left out. */
  standings(servers?: readonly string[]): Promise<ReadonlyMap<string, Standing>>;
  /** Newest first. */
  looks(server: string, sinceMs: number, limit: number): Promise<readonly LookRow[]>;
  /** By server, oldest first; without names, of all. */
  hours(sinceMs: number, servers?: readonly string[]): Promise<ReadonlyMap<string, readonly HourRow[]>>;
  /** What was due from a time on and has no look, by server; gaps that are open still are given. Without names, of all. */
  missed(
    sinceMs: number,
    nowMs: number,
    open: readonly Gap[],
    servers?: readonly string[],
  ): Promise<ReadonlyMap<string, Missed>>;
  /** Newest first. */
  incidents(limit: number, server?: string): Promise<readonly IncidentRow[]>;
  toolChanges(server: string, limit: number): Promise<readonly ToolChangeRow[]>;
  /** Alerts that are due and that nobody else is handing over. Say what became of each. */
  claimAlerts(nowMs: number, limit: number): Promise<readonly OutboxRow[]>;
  alertAccepted(id: number, nowMs: number): Promise<void>;
  alertRefused(id: number, nextAtMs: number): Promise<void>;
  /** Forgets what is older than it is kept. */
  prune(nowMs: number, retentionDays: number): Promise<void>;
  close(): Promise<void>;
}
