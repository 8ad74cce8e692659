import { dirname } from 'node:path';
import { makeFolder } from '../../../session/folders.ts';
import { standingOf, withoutSlot, type ServerMemory } from '../../alerts/quorum.ts';
import {
  DAY_MS,
  LOCAL,
  RAW_MS,
  type History,
  type KeptLook,
  type Standing,
  type TakenLook,
} from '../history.ts';
import { firstOfItsIncident } from '../keeping.ts';
import type { Gap, Missed, Note, Shift } from '../missed.ts';
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
  type ToolChangeRow,
} from '../rows.ts';
import { ShiftClock } from '../shift-clock.ts';
import { keepNotes, keepShift, readMissed } from './missed.ts';
import { ALONE, recordLook } from './recording.ts';
import { LATER_COLUMNS, SCHEMA, SLOTS } from './schema.ts';
import { Statements } from './statements.ts';

const FIRST_OF_ITS_INCIDENT = firstOfItsIncident('outbox', 'outbox');
/** While it takes looks, it gives a sign as often, each good for so long. */
const SIGN_MS = 5000;
const LEASE_MS = 15_000;

/** The history in one SQLite file. What `record` was given is on disk before it returns, even when the process is killed next. */
export class SqliteHistory implements History {
  readonly #file: Statements;
  readonly #memories: Map<string, ServerMemory> = new Map();
  readonly #channels: number;
  /** Alerts that are being handed over: this process is the only one that does. */
  readonly #claimed: Set<number> = new Set();
  readonly #shift: ShiftClock = new ShiftClock(LOCAL, LEASE_MS);
  #signs: NodeJS.Timeout | null = null;

  constructor(file: string, channels: number) {
    this.#channels = channels;
    makeFolder(dirname(file));
    this.#file = new Statements(file);
    this.#file.exec(SCHEMA);
    const columns = this.#file.all('PRAGMA table_info(looks)').map((row) => row['name']);
    for (const { name, sql } of LATER_COLUMNS) if (!columns.includes(name)) this.#file.exec(sql);
    this.#file.exec(SLOTS);
    for (const row of this.#file.all('SELECT server, memory FROM memories'))
      this.#memories.set(String(row['server']), JSON.parse(String(row['memory'])) as ServerMemory);
  }

  async begin(servers: readonly string[], nowMs: number): Promise<void> {
    const watched = new Set(servers);
    this.#file.transaction(() => {
      for (const { server } of this.#file.all('SELECT server FROM unwatched')) {
        const memory = this.#memories.get(String(server));
        if (memory === undefined || !watched.has(String(server))) continue;
        const anew = withoutSlot(memory, LOCAL);
        this.#memories.set(String(server), anew);
        this.#file.run('UPDATE memories SET memory = ? WHERE server = ?', JSON.stringify(anew), server);
      }
      this.#file.run('DELETE FROM unwatched');
      for (const server of this.#memories.keys())
        if (!watched.has(server)) this.#file.run('INSERT INTO unwatched (server) VALUES (?)', server);
      keepShift(this.#file, this.#shift.begin(nowMs));
    });
    this.#signs = setInterval(() => this.#sign(this.#shift.sign(Date.now())), SIGN_MS);
  }

  async leave(nowMs: number): Promise<void> {
    if (this.#signs !== null) clearInterval(this.#signs);
    this.#sign(this.#shift.leave(nowMs));
  }

  #sign(shifts: readonly Shift[]): void {
    try {
      for (const shift of shifts) keepShift(this.#file, shift);
    } catch {
      // A disk that is full: whoever keeps a look says so, and the next sign tells of the whole shift.
    }
  }

  // Nothing is awaited before the looks are on disk.
  async record(looks: readonly TakenLook[]): Promise<readonly (KeptLook | null)[]> {
    const before = new Map<string, ServerMemory | undefined>();
    try {
      return this.#file.transaction(() =>
        looks.map((look) => {
          const { name } = look.server;
          if (!before.has(name)) before.set(name, this.#memories.get(name));
          return recordLook(this.#file, this.#memories, look, this.#channels);
        }),
      );
    } catch (error) {
      for (const [server, memory] of before)
        if (memory === undefined) this.#memories.delete(server);
        else this.#memories.set(server, memory);
      throw error;
    }
  }

  async note(notes: readonly Note[]): Promise<void> {
    this.#file.transaction(() => keepNotes(this.#file, notes));
  }

  async missed(
    sinceMs: number,
    nowMs: number,
    open: readonly Gap[],
    servers?: readonly string[],
  ): Promise<ReadonlyMap<string, Missed>> {
    return readMissed(this.#file, sinceMs, nowMs, open, servers ?? null);
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
    return this.#file
      .all(
        'SELECT * FROM looks WHERE server = ? AND at_ms >= ? ORDER BY at_ms DESC LIMIT ?',
        server,
        sinceMs,
        limit,
      )
      .map(lookOf);
  }

  async hours(
    sinceMs: number,
    servers?: readonly string[],
  ): Promise<ReadonlyMap<string, readonly HourRow[]>> {
    const rows =
      servers === undefined
        ? this.#file.all('SELECT * FROM hours WHERE hour_ms >= ? ORDER BY server, hour_ms', sinceMs)
        : servers.flatMap((server) =>
            this.#file.all(
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
        ? this.#file.all('SELECT * FROM incidents ORDER BY id DESC LIMIT ?', limit)
        : this.#file.all('SELECT * FROM incidents WHERE server = ? ORDER BY id DESC LIMIT ?', server, limit)
    ).map(incidentOf);
  }

  async toolChanges(server: string, limit: number): Promise<readonly ToolChangeRow[]> {
    return this.#file
      .all('SELECT at_ms, changes FROM tool_changes WHERE server = ? ORDER BY id DESC LIMIT ?', server, limit)
      .map(toolChangeOf);
  }

  async claimAlerts(nowMs: number, limit: number): Promise<readonly OutboxRow[]> {
    const due = this.#file
      .all(
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
    this.#file.run('UPDATE outbox SET sent_at_ms = ? WHERE id = ?', nowMs, id);
    this.#claimed.delete(id);
  }

  async alertRefused(id: number, nextAtMs: number): Promise<void> {
    this.#file.run('UPDATE outbox SET attempts = attempts + 1, next_at_ms = ? WHERE id = ?', nextAtMs, id);
    this.#claimed.delete(id);
  }

  async prune(nowMs: number, retentionDays: number): Promise<void> {
    const horizonMs = nowMs - retentionDays * DAY_MS;
    const rawMs = nowMs - Math.min(RAW_MS, retentionDays * DAY_MS);
    this.#file.run('DELETE FROM looks WHERE at_ms < ?', rawMs);
    this.#file.run('DELETE FROM gaps WHERE before_ms < ?', rawMs);
    this.#file.run('DELETE FROM notes WHERE to_ms < ?', rawMs);
    this.#file.run('DELETE FROM shifts WHERE until_ms < ?', rawMs);
    this.#file.run('DELETE FROM hours WHERE hour_ms < ?', horizonMs);
    this.#file.run('DELETE FROM incidents WHERE ended_at_ms < ?', horizonMs);
    this.#file.run('DELETE FROM tool_changes WHERE at_ms < ?', horizonMs);
    this.#file.run('DELETE FROM outbox WHERE sent_at_ms < ?', horizonMs);
  }

  async close(): Promise<void> {
    if (this.#signs !== null) clearInterval(this.#signs);
    this.#file.close();
  }
}
