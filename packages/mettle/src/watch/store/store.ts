import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import type { ProbeOutcome, ToolChange } from '../../evidence/index.ts';
import {
  incidentOf,
  type HourRow,
  type IncidentRow,
  type LookRow,
  type OutboxRow,
  type ServerState,
} from './rows.ts';
import { SCHEMA } from './schema.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** Single looks are kept this long; then hours are. */
const RAW_MS = 2 * DAY_MS;

/** The history in one SQLite file. What `write` was given is on disk when it returns, even when the process is killed next. */
export class Store {
  readonly #db: InstanceType<typeof Database>;
  readonly #statements: Map<string, ReturnType<InstanceType<typeof Database>['prepare']>> = new Map();

  constructor(file: string) {
    mkdirSync(dirname(file), { recursive: true });
    this.#db = new Database(file);
    // A write-ahead log survives kill -9; only a crash of the machine could cost the last second.
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
    this.#db.exec(SCHEMA);
  }

  close(): void {
    this.#db.close();
  }

  /** Everything that `action` writes, or nothing of it. */
  together(action: () => void): void {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      action();
      this.#db.exec('COMMIT');
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  addLook({ target, startedAt, status, durationMs, phases, failedPhase, sentence }: ProbeOutcome): void {
    const atMs = Date.parse(startedAt);
    const kept = Object.fromEntries(
      phases.map((each) => [each.phase, Math.round(each.durationMs * 10) / 10]),
    );
    this.#run(
      'INSERT INTO looks (server, at_ms, status, duration_ms, phases, failed_phase, sentence) VALUES (?, ?, ?, ?, ?, ?, ?)',
      target,
      atMs,
      status,
      durationMs,
      JSON.stringify(kept),
      failedPhase,
      status === 'up' ? '' : sentence,
    );
    const up = status === 'down' ? 0 : 1;
    this.#run(
      `INSERT INTO hours (server, hour_ms, looks, up, sum_ms, max_ms) VALUES (?, ?, 1, ?, ?, ?)
       ON CONFLICT (server, hour_ms) DO UPDATE SET looks = looks + 1, up = up + excluded.up,
       sum_ms = sum_ms + excluded.sum_ms, max_ms = max(max_ms, excluded.max_ms)`,
      target,
      Math.floor(atMs / HOUR_MS) * HOUR_MS,
      up,
      durationMs,
      durationMs,
    );
  }

  state(server: string): ServerState | null {
    const row = this.#one('SELECT state FROM servers WHERE server = ?', server);
    return row === null ? null : (JSON.parse(String(row['state'])) as ServerState);
  }

  saveState(server: string, state: ServerState): void {
    this.#run(
      'INSERT INTO servers (server, state) VALUES (?, ?) ON CONFLICT (server) DO UPDATE SET state = excluded.state',
      server,
      JSON.stringify(state),
    );
  }

  beginIncident(server: string, kind: string, atMs: number, sentence: string): number {
    return Number(
      this.#run(
        'INSERT INTO incidents (server, kind, started_at_ms, sentence) VALUES (?, ?, ?, ?)',
        server,
        kind,
        atMs,
        sentence,
      ).lastInsertRowid,
    );
  }

  endIncident(server: string, kind: string, atMs: number): void {
    this.#run(
      'UPDATE incidents SET ended_at_ms = ? WHERE server = ? AND kind = ? AND ended_at_ms IS NULL',
      atMs,
      server,
      kind,
    );
  }

  openIncident(server: string, kind: string): IncidentRow | null {
    const row = this.#one(
      'SELECT * FROM incidents WHERE server = ? AND kind = ? AND ended_at_ms IS NULL ORDER BY id DESC LIMIT 1',
      server,
      kind,
    );
    return row === null ? null : incidentOf(row);
  }

  incidents(limit: number, server?: string): readonly IncidentRow[] {
    return (
      server === undefined
        ? this.#all('SELECT * FROM incidents ORDER BY id DESC LIMIT ?', limit)
        : this.#all('SELECT * FROM incidents WHERE server = ? ORDER BY id DESC LIMIT ?', server, limit)
    ).map(incidentOf);
  }

  toolList(server: string): string | null {
    const row = this.#one('SELECT listing FROM tool_lists WHERE server = ?', server);
    return row === null ? null : String(row['listing']);
  }

  saveToolList(server: string, listing: string): void {
    this.#run(
      'INSERT INTO tool_lists (server, listing) VALUES (?, ?) ON CONFLICT (server) DO UPDATE SET listing = excluded.listing',
      server,
      listing,
    );
  }

  addToolChanges(server: string, atMs: number, changes: readonly ToolChange[]): void {
    this.#run(
      'INSERT INTO tool_changes (server, at_ms, changes) VALUES (?, ?, ?)',
      server,
      atMs,
      JSON.stringify(changes),
    );
  }

  toolChanges(
    server: string,
    limit: number,
  ): readonly { readonly atMs: number; readonly changes: readonly ToolChange[] }[] {
    return this.#all(
      'SELECT at_ms, changes FROM tool_changes WHERE server = ? ORDER BY id DESC LIMIT ?',
      server,
      limit,
    ).map((row) => ({
      atMs: Number(row['at_ms']),
      changes: JSON.parse(String(row['changes'])) as ToolChange[],
    }));
  }

  looks(server: string, sinceMs: number, limit: number): readonly LookRow[] {
    return this.#all(
      'SELECT * FROM looks WHERE server = ? AND at_ms >= ? ORDER BY at_ms DESC LIMIT ?',
      server,
      sinceMs,
      limit,
    ).map((row) => ({
      server: String(row['server']),
      atMs: Number(row['at_ms']),
      status: String(row['status']) as LookRow['status'],
      durationMs: Number(row['duration_ms']),
      phases: JSON.parse(String(row['phases'])) as Record<string, number>,
      failedPhase: row['failed_phase'] as string | null,
      sentence: String(row['sentence']),
    }));
  }

  hours(server: string, sinceMs: number): readonly HourRow[] {
    return this.#all(
      'SELECT * FROM hours WHERE server = ? AND hour_ms >= ? ORDER BY hour_ms',
      server,
      sinceMs,
    ).map((row) => ({
      hourMs: Number(row['hour_ms']),
      looks: Number(row['looks']),
      up: Number(row['up']),
      meanMs: Number(row['sum_ms']) / Math.max(1, Number(row['looks'])),
      maxMs: Number(row['max_ms']),
    }));
  }

  /** Puts an alert where it stays until the channel has accepted it; the same key is put there once only. */
  enqueue(key: string, channel: number, body: string, nowMs: number): void {
    this.#run(
      'INSERT INTO outbox (key, channel, body, next_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT (key, channel) DO NOTHING',
      key,
      channel,
      body,
      nowMs,
    );
  }

  dueAlerts(nowMs: number, limit: number): readonly OutboxRow[] {
    return this.#all(
      'SELECT id, channel, body, attempts FROM outbox WHERE sent_at_ms IS NULL AND next_at_ms <= ? ORDER BY id LIMIT ?',
      nowMs,
      limit,
    ).map((row) => ({
      id: Number(row['id']),
      channel: Number(row['channel']),
      body: String(row['body']),
      attempts: Number(row['attempts']),
    }));
  }

  alertAccepted(id: number, nowMs: number): void {
    this.#run('UPDATE outbox SET sent_at_ms = ? WHERE id = ?', nowMs, id);
  }

  alertRefused(id: number, nextAtMs: number): void {
    this.#run('UPDATE outbox SET attempts = attempts + 1, next_at_ms = ? WHERE id = ?', nextAtMs, id);
  }

  /** Forgets what is older than it is kept. */
  prune(nowMs: number, retentionDays: number): void {
    const horizonMs = nowMs - retentionDays * DAY_MS;
    this.#run('DELETE FROM looks WHERE at_ms < ?', nowMs - Math.min(RAW_MS, retentionDays * DAY_MS));
    this.#run('DELETE FROM hours WHERE hour_ms < ?', horizonMs);
    this.#run('DELETE FROM incidents WHERE ended_at_ms < ?', horizonMs);
    this.#run('DELETE FROM tool_changes WHERE at_ms < ?', horizonMs);
    this.#run('DELETE FROM outbox WHERE sent_at_ms < ?', horizonMs);
  }

  #statement(sql: string): ReturnType<InstanceType<typeof Database>['prepare']> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  #run(sql: string, ...values: readonly unknown[]): { readonly lastInsertRowid: number | bigint } {
    return this.#statement(sql).run([...values]);
  }

  #all(sql: string, ...values: readonly unknown[]): readonly Readonly<Record<string, unknown>>[] {
    return this.#statement(sql).all([...values]) as Readonly<Record<string, unknown>>[];
  }

  #one(sql: string, ...values: readonly unknown[]): Readonly<Record<string, unknown>> | null {
    return this.#all(sql, ...values)[0] ?? null;
  }
}
