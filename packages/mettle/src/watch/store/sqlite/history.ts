import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'libsql';
import type { ToolListing } from '../../../evidence/index.ts';
import type { Turn } from '../../alerts/hysteresis.ts';
import {
  changesTools,
  judgeByQuorum,
  standingOf,
  type ServerMemory,
  type Voters,
} from '../../alerts/quorum.ts';
import {
  DAY_MS,
  LOCAL,
  RAW_MS,
  type History,
  type KeptLook,
  type Standing,
  type TakenLook,
} from '../history.ts';
import { alertOf, valuesOf } from '../keeping.ts';
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
import { LATER_COLUMNS, SCHEMA, SLOTS } from './schema.ts';

/** The end of an incident waits for its beginning: told the other way round it would stay open for good. */
const FIRST_OF_ITS_INCIDENT = `NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.channel = outbox.channel
  AND earlier.key = replace(outbox.key, ':resolved', ':triggered') AND earlier.id <> outbox.id AND earlier.sent_at_ms IS NULL)`;

/** A watcher alone has one region, which is alive as long as it is. */
const ALONE: Voters = { alive: new Set([LOCAL]), quorum: 1 };

/** The history in one SQLite file. What `record` was given is on disk before it returns, even when the process is killed next. */
export class SqliteHistory implements History {
  readonly #db: InstanceType<typeof Database>;
  readonly #statements: Map<string, ReturnType<InstanceType<typeof Database>['prepare']>> = new Map();
  readonly #memories: Map<string, ServerMemory> = new Map();
  readonly #channels: number;
  /** Alerts that are being handed over: this process is the only one that does. */
  readonly #claimed: Set<number> = new Set();

  constructor(file: string, channels: number) {
    this.#channels = channels;
    mkdirSync(dirname(file), { recursive: true });
    this.#db = new Database(file);
    // A write-ahead log survives kill -9; only a crash of the machine could cost the last second.
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
    this.#db.exec(SCHEMA);
    const columns = this.#all('PRAGMA table_info(looks)').map((row) => row['name']);
    for (const { name, sql } of LATER_COLUMNS) if (!columns.includes(name)) this.#db.exec(sql);
    this.#db.exec(SLOTS);
    for (const row of this.#all('SELECT server, memory FROM memories'))
      this.#memories.set(String(row['server']), JSON.parse(String(row['memory'])) as ServerMemory);
  }

  // Nothing is awaited before the looks are on disk.
  async record(looks: readonly TakenLook[]): Promise<readonly (KeptLook | null)[]> {
    const before = new Map<string, ServerMemory | undefined>();
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const kept = looks.map((look) => {
        if (!before.has(look.server.name)) before.set(look.server.name, this.#memories.get(look.server.name));
        return this.#keep(look);
      });
      this.#db.exec('COMMIT');
      return kept;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      for (const [server, memory] of before)
        if (memory === undefined) this.#memories.delete(server);
        else this.#memories.set(server, memory);
      throw error;
    }
  }

  async standings(servers?: readonly string[]): Promise<ReadonlyMap<string, Standing>> {
    const names = servers ?? [...this.#memories.keys()];
    return new Map(
      names.flatMap((name) => {
        const memory = this.#memories.get(name);
        return memory === undefined ? [] : [[name, standingOf(memory, ALONE)] as const];
      }),
    );
  }

  async looks(server: string, sinceMs: number, limit: number): Promise<readonly LookRow[]> {
    return this.#all(
      'SELECT * FROM looks WHERE server = ? AND at_ms >= ? ORDER BY at_ms DESC LIMIT ?',
      server,
      sinceMs,
      limit,
    ).map(lookOf);
  }

  async hours(
    sinceMs: number,
    servers?: readonly string[],
  ): Promise<ReadonlyMap<string, readonly HourRow[]>> {
    const rows =
      servers === undefined
        ? this.#all('SELECT * FROM hours WHERE hour_ms >= ? ORDER BY server, hour_ms', sinceMs)
        : servers.flatMap((server) =>
            this.#all(
              'SELECT * FROM hours WHERE server = ? AND hour_ms >= ? ORDER BY hour_ms',
              server,
              sinceMs,
            ),
          );
    return hoursByServer(rows);
  }

  async incidents(limit: number, server?: string): Promise<readonly IncidentRow[]> {
    return (
      server === undefined
        ? this.#all('SELECT * FROM incidents ORDER BY id DESC LIMIT ?', limit)
        : this.#all('SELECT * FROM incidents WHERE server = ? ORDER BY id DESC LIMIT ?', server, limit)
    ).map(incidentOf);
  }

  async toolChanges(server: string, limit: number): Promise<readonly ToolChangeRow[]> {
    return this.#all(
      'SELECT at_ms, changes FROM tool_changes WHERE server = ? ORDER BY id DESC LIMIT ?',
      server,
      limit,
    ).map(toolChangeOf);
  }

  async claimAlerts(nowMs: number, limit: number): Promise<readonly OutboxRow[]> {
    const due = this.#all(
      `SELECT id, channel, body, attempts FROM outbox WHERE sent_at_ms IS NULL AND next_at_ms <= ? AND ${FIRST_OF_ITS_INCIDENT}
       ORDER BY id LIMIT ?`,
      nowMs,
      limit + this.#claimed.size,
    )
      .map(outboxRowOf)
      .filter(({ id }) => !this.#claimed.has(id))
      .slice(0, limit);
    for (const { id } of due) this.#claimed.add(id);
    return due;
  }

  async alertAccepted(id: number, nowMs: number): Promise<void> {
    this.#run('UPDATE outbox SET sent_at_ms = ? WHERE id = ?', nowMs, id);
    this.#claimed.delete(id);
  }

  async alertRefused(id: number, nextAtMs: number): Promise<void> {
    this.#run('UPDATE outbox SET attempts = attempts + 1, next_at_ms = ? WHERE id = ?', nextAtMs, id);
    this.#claimed.delete(id);
  }

  async prune(nowMs: number, retentionDays: number): Promise<void> {
    const horizonMs = nowMs - retentionDays * DAY_MS;
    this.#run('DELETE FROM looks WHERE at_ms < ?', nowMs - Math.min(RAW_MS, retentionDays * DAY_MS));
    this.#run('DELETE FROM hours WHERE hour_ms < ?', horizonMs);
    this.#run('DELETE FROM incidents WHERE ended_at_ms < ?', horizonMs);
    this.#run('DELETE FROM tool_changes WHERE at_ms < ?', horizonMs);
    this.#run('DELETE FROM outbox WHERE sent_at_ms < ?', horizonMs);
  }

  async close(): Promise<void> {
    // Statements that are still held keep the library from doing so itself; a copy of the one file is then whole.
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#db.close();
  }

  #keep(look: TakenLook): KeptLook | null {
    if (!this.#addLook(look)) return null;
    const { name } = look.server;
    const memory = this.#memories.get(name);
    const kept = changesTools(memory ?? null, look, ALONE) ? this.#toolList(name) : null;
    const judged = judgeByQuorum(memory, look, ALONE, kept);
    const atMs = Date.parse(look.outcome.startedAt);
    this.#memories.set(name, judged.memory);
    this.#run(
      'INSERT INTO memories (server, memory) VALUES (?, ?) ON CONFLICT (server) DO UPDATE SET memory = excluded.memory',
      name,
      JSON.stringify(judged.memory),
    );
    if (judged.listing !== null)
      this.#run(
        'INSERT INTO tool_lists (server, listing) VALUES (?, ?) ON CONFLICT (server) DO UPDATE SET listing = excluded.listing',
        name,
        JSON.stringify(judged.listing),
      );
    if (judged.changes.length > 0)
      this.#run(
        'INSERT INTO tool_changes (server, at_ms, changes) VALUES (?, ?, ?)',
        name,
        atMs,
        JSON.stringify(judged.changes),
      );
    for (const turn of judged.turns) this.#turn(name, atMs, turn);
    return { standing: standingOf(judged.memory, ALONE), turns: judged.turns };
  }

  /** False when there was one of this slot already. */
  #addLook(look: TakenLook): boolean {
    const row = valuesOf(look);
    const { changes } = this.#run(
      `INSERT INTO looks (server, region, slot_ms, at_ms, status, duration_ms, phases, failed_phase, sentence, inside)
       VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (server, region, slot_ms) DO NOTHING`,
      row.server,
      row.region,
      row.slotMs,
      row.atMs,
      row.status,
      row.durationMs,
      row.phases,
      row.failedPhase,
      row.sentence,
      row.inside,
    );
    if (changes === 0) return false;
    this.#run(
      `INSERT INTO hours (server, hour_ms, looks, up, sum_ms, max_ms) VALUES (?, ?, 1, ?, ?, ?)
       ON CONFLICT (server, hour_ms) DO UPDATE SET looks = looks + 1, up = up + excluded.up,
       sum_ms = sum_ms + excluded.sum_ms, max_ms = max(max_ms, excluded.max_ms)`,
      row.server,
      row.hourMs,
      row.up,
      row.durationMs,
      row.durationMs,
    );
    return true;
  }

  #turn(server: string, atMs: number, turn: Turn): void {
    const open = turn.turn === 'ends' ? this.#openIncident(server, turn.kind) : null;
    const id =
      open ??
      Number(
        this.#run(
          'INSERT INTO incidents (server, kind, started_at_ms, sentence) VALUES (?, ?, ?, ?)',
          server,
          turn.kind,
          atMs,
          turn.sentence,
        ).lastInsertRowid,
      );
    if (turn.turn !== 'begins') this.#run('UPDATE incidents SET ended_at_ms = ? WHERE id = ?', atMs, id);
    const { key, alert } = alertOf(id, server, atMs, turn);
    // Within the transaction that changed the memory: an alert is lost only together with what it tells.
    for (let channel = 0; channel < this.#channels; channel += 1)
      this.#run(
        'INSERT INTO outbox (key, channel, body, next_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT (key, channel) DO NOTHING',
        key,
        channel,
        JSON.stringify(alert),
        Date.now(),
      );
  }

  #openIncident(server: string, kind: string): number | null {
    const [row] = this.#all(
      'SELECT id FROM incidents WHERE server = ? AND kind = ? AND ended_at_ms IS NULL ORDER BY id DESC LIMIT 1',
      server,
      kind,
    );
    return row === undefined ? null : Number(row['id']);
  }

  #toolList(server: string): ToolListing | null {
    const [row] = this.#all('SELECT listing FROM tool_lists WHERE server = ?', server);
    return row === undefined ? null : (JSON.parse(String(row['listing'])) as ToolListing);
  }

  #statement(sql: string): ReturnType<InstanceType<typeof Database>['prepare']> {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const made = this.#db.prepare(sql);
    this.#statements.set(sql, made);
    return made;
  }

  #run(
    sql: string,
    ...values: readonly unknown[]
  ): { readonly lastInsertRowid: number | bigint; readonly changes: number } {
    return this.#statement(sql).run([...values]);
  }

  #all(sql: string, ...values: readonly unknown[]): readonly Row[] {
    return this.#statement(sql).all([...values]) as Row[];
  }
}
