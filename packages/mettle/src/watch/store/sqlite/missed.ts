import { missedOf, type Gap, type Missed, type Note, type Shift } from '../missed.ts';
import { gapOf, noteOf, shiftOf, type Row } from '../rows.ts';
import type { Statements } from './statements.ts';

export function keepNotes(file: Statements, notes: readonly Note[]): void {
  for (const { server, region, fromMs, toMs, reason } of notes)
    file.run(
      'INSERT INTO notes (server, region, from_ms, to_ms, reason) VALUES (?, ?, ?, ?, ?)',
      server,
      region,
      fromMs,
      toMs,
      reason,
    );
}

export function keepShift(file: Statements, { region, sinceMs, signMs, untilMs, hasLeft }: Shift): void {
  file.run(
    `INSERT INTO shifts (region, since_ms, sign_ms, until_ms, has_left) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (region, since_ms) DO UPDATE
     SET sign_ms = excluded.sign_ms, until_ms = excluded.until_ms, has_left = excluded.has_left`,
    region,
    sinceMs,
    signMs,
    untilMs,
    hasLeft ? 1 : 0,
  );
}

/** What was due from a time on and has no look, by server. */
export function readMissed(
  file: Statements,
  sinceMs: number,
  nowMs: number,
  open: readonly Gap[],
  servers: readonly string[] | null,
): ReadonlyMap<string, Missed> {
  const closed = ofServers(file, 'gaps', 'before_ms', sinceMs, servers).map((row) => {
    const gap = gapOf(row);
    return { ...gap, late: lateWithin(file, gap) };
  });
  const gaps = [...closed, ...open];
  if (gaps.length === 0) return new Map();
  const evidence = {
    // A watcher alone says nothing of all servers together.
    notes: ofServers(file, 'notes', 'to_ms', sinceMs, servers).map(noteOf),
    shifts: file.all('SELECT * FROM shifts WHERE until_ms >= ?', sinceMs).map(shiftOf),
    nowMs,
  };
  return missedOf(gaps, evidence, sinceMs);
}

function lateWithin(file: Statements, { server, region, afterMs, beforeMs }: Gap): readonly number[] {
  const rows = file.all(
    'SELECT slot_ms FROM looks WHERE server = ? AND region = ? AND slot_ms > ? AND slot_ms < ?',
    server,
    region,
    afterMs,
    beforeMs,
  );
  return rows.map((row) => Number(row['slot_ms']));
}

function ofServers(
  file: Statements,
  table: 'gaps' | 'notes',
  time: string,
  sinceMs: number,
  servers: readonly string[] | null,
): readonly Row[] {
  if (servers === null) return file.all(`SELECT * FROM ${table} WHERE ${time} >= ?`, sinceMs);
  return servers.flatMap((server) =>
    file.all(`SELECT * FROM ${table} WHERE server = ? AND ${time} >= ?`, server, sinceMs),
  );
}
