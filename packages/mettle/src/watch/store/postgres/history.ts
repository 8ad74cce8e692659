import { standingOf, type ServerMemory } from '../../alerts/quorum.ts';
import { DAY_MS, RAW_MS, type History, type KeptLook, type Standing, type TakenLook } from '../history.ts';
import {
  hoursByServer,
  incidentOf,
  lookOf,
  outboxRowOf,
  toolChangeOf,
  type HourRow,
  type IncidentRow,
  type LookRow,
  type OutboxRow,
  type Row,
  type ToolChangeRow,
} from '../rows.ts';
import { firstOfItsIncident } from '../keeping.ts';
import type { Gap, Missed, Note } from '../missed.ts';
import type { Postgres } from './connection.ts';
import { keepNotes, readMissed, watchFrom } from './missed.ts';
import { regionsAlive, type Presence } from './presence.ts';
import { makeRows, recordLooks } from './recording.ts';

/** Longer than any channel is waited for: whoever claimed an alert and died gives it back. */
const CLAIM_SECONDS = 60;
/** So many servers are told of at once as looked at. */
const SEEN_AT_ONCE = 2000;

const FIRST_OF_ITS_INCIDENT = firstOfItsIncident('mettle_watch.outbox', 'o');

export interface PostgresTerms {
  readonly quorum: number | null;
  readonly channels: number;
}

/** The history that many processes share. */
export class PostgresHistory implements History {
  readonly #postgres: Postgres;
  readonly #presence: Presence;
  readonly #terms: PostgresTerms;
  /** Servers that have a row. */
  readonly #known: Set<string> = new Set();

  constructor(postgres: Postgres, presence: Presence, terms: PostgresTerms) {
    this.#postgres = postgres;
    this.#presence = presence;
    this.#terms = terms;
  }

  async begin(servers: readonly string[], nowMs: number): Promise<void> {
    const { region } = this.#presence.self;
    await this.#presence.begin(nowMs);
    await this.#postgres.transaction((client) => watchFrom(client, region, servers));
  }

  async leave(nowMs: number): Promise<void> {
    // Unheard, it is taken for killed.
    await this.#presence.leave(nowMs).catch(() => undefined);
  }

  async record(looks: readonly TakenLook[]): Promise<readonly (KeptLook | null)[]> {
    const { quorum, channels } = this.#terms;
    await makeRows(this.#postgres, looks, this.#known);
    return this.#postgres.transaction((client) =>
      recordLooks(client, looks, {
        prober: this.#presence.self.id,
        channels,
        voters: async () => ({ alive: await this.#presence.voters(client), quorum }),
      }),
    );
  }

  async note(notes: readonly Note[]): Promise<void> {
    await keepNotes(this.#postgres, notes);
  }

  missed(
    sinceMs: number,
    nowMs: number,
    open: readonly Gap[],
    servers?: readonly string[],
  ): Promise<ReadonlyMap<string, Missed>> {
    return readMissed(this.#postgres, sinceMs, nowMs, open, servers ?? null);
  }

  /** Whether the look of this slot has been kept, by whomever. */
  async isKept(server: string, region: string, slotMs: number): Promise<boolean> {
    const rows = await this.#all(
      'SELECT 1 FROM mettle_watch.looks WHERE server = $1 AND region = $2 AND slot_ms = $3',
      server,
      region,
      slotMs,
    );
    return rows.length > 0;
  }

  /** The servers that anybody looked at after that, and where to go on from; null = from now on. */
  async seenSince(
    kept: number | null,
  ): Promise<{ readonly servers: readonly string[]; readonly kept: number }> {
    if (kept === null) {
      const [row] = await this.#all('SELECT coalesce(max(kept), 0) AS kept FROM mettle_watch.looks');
      return { servers: [], kept: Number(row?.['kept'] ?? 0) };
    }
    const rows = await this.#all(
      'SELECT server, kept FROM mettle_watch.looks WHERE kept > $1 AND prober <> $2 ORDER BY kept LIMIT $3',
      kept,
      this.#presence.self.id,
      SEEN_AT_ONCE,
    );
    return {
      servers: [...new Set(rows.map(({ server }) => String(server)))],
      kept: Number(rows.at(-1)?.['kept'] ?? kept),
    };
  }

  async standings(servers?: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
    const [alive, rows] = await Promise.all([
      regionsAlive(this.#postgres),
      this.#all(
        `SELECT server, memory FROM mettle_watch.memories
         WHERE memory IS NOT NULL AND ($1::text[] IS NULL OR server = ANY($1))`,
        servers ?? null,
      ),
    ]);
    const voters = { alive, quorum: this.#terms.quorum };
    return new Map(
      rows.map(({ server, memory }) => [
        String(server),
        standingOf(JSON.parse(String(memory)) as ServerMemory, voters),
      ]),
    );
  }

  async looks(server: string, sinceMs: number, limit: number): Promise<readonly LookRow[]> {
    return (
      await this.#all(
        'SELECT * FROM mettle_watch.looks WHERE server = $1 AND at_ms >= $2 ORDER BY at_ms DESC LIMIT $3',
        server,
        sinceMs,
        limit,
      )
    ).map(lookOf);
  }

  async hours(
    sinceMs: number,
    servers?: readonly string[],
  ): Promise<ReadonlyMap<string, readonly HourRow[]>> {
    return hoursByServer(
      await this.#all(
        `SELECT * FROM mettle_watch.hours WHERE hour_ms >= $1 AND ($2::text[] IS NULL OR server = ANY($2))
         ORDER BY server, hour_ms`,
        sinceMs,
        servers ?? null,
      ),
    );
  }

  async incidents(limit: number, server?: string): Promise<readonly IncidentRow[]> {
    return (
      await this.#all(
        `SELECT * FROM mettle_watch.incidents WHERE ($2::text IS NULL OR server = $2) ORDER BY id DESC LIMIT $1`,
        limit,
        server ?? null,
      )
    ).map(incidentOf);
  }

  async toolChanges(server: string, limit: number): Promise<readonly ToolChangeRow[]> {
    return (
      await this.#all(
        'SELECT at_ms, changes FROM mettle_watch.tool_changes WHERE server = $1 ORDER BY id DESC LIMIT $2',
        server,
        limit,
      )
    ).map(toolChangeOf);
  }

  async claimAlerts(nowMs: number, limit: number): Promise<readonly OutboxRow[]> {
    const rows = await this.#all(
      `UPDATE mettle_watch.outbox SET claimed_until = clock_timestamp() + $3 * interval '1 second'
       WHERE id IN (
         SELECT id FROM mettle_watch.outbox AS o WHERE sent_at_ms IS NULL AND next_at_ms <= $1
         AND (claimed_until IS NULL OR claimed_until < clock_timestamp()) AND ${FIRST_OF_ITS_INCIDENT}
         ORDER BY id LIMIT $2 FOR UPDATE SKIP LOCKED)
       RETURNING id, channel, body, attempts`,
      nowMs,
      limit,
      CLAIM_SECONDS,
    );
    return rows.map(outboxRowOf).toSorted((a, b) => a.id - b.id);
  }

  async alertAccepted(id: number, nowMs: number): Promise<void> {
    await this.#all(
      'UPDATE mettle_watch.outbox SET sent_at_ms = $1, claimed_until = NULL WHERE id = $2',
      nowMs,
      id,
    );
  }

  async alertRefused(id: number, nextAtMs: number): Promise<void> {
    await this.#all(
      `UPDATE mettle_watch.outbox SET attempts = attempts + 1, next_at_ms = $1, claimed_until = NULL
       WHERE id = $2`,
      nextAtMs,
      id,
    );
  }

  async prune(nowMs: number, retentionDays: number): Promise<void> {
    const horizonMs = nowMs - retentionDays * DAY_MS;
    const rawMs = nowMs - Math.min(RAW_MS, retentionDays * DAY_MS);
    await this.#all('DELETE FROM mettle_watch.looks WHERE at_ms < $1', rawMs);
    // Together with the looks that may have come late to them.
    await this.#all('DELETE FROM mettle_watch.gaps WHERE before_ms < $1', rawMs);
    await this.#all('DELETE FROM mettle_watch.notes WHERE to_ms < $1', rawMs);
    await this.#all('DELETE FROM mettle_watch.shifts WHERE until_ms < $1', rawMs);
    await this.#all('DELETE FROM mettle_watch.hours WHERE hour_ms < $1', horizonMs);
    await this.#all('DELETE FROM mettle_watch.incidents WHERE ended_at_ms < $1', horizonMs);
    await this.#all('DELETE FROM mettle_watch.tool_changes WHERE at_ms < $1', horizonMs);
    await this.#all('DELETE FROM mettle_watch.outbox WHERE sent_at_ms < $1', horizonMs);
    await this.#all(
      "DELETE FROM mettle_watch.probers WHERE alive_until < clock_timestamp() - interval '1 day'",
    );
  }

  async close(): Promise<void> {
    await this.#presence.stop();
    await this.#postgres.close();
  }

  async #all(sql: string, ...values: readonly unknown[]): Promise<readonly Row[]> {
    return (await this.#postgres.query(sql, values)).rows;
  }
}
