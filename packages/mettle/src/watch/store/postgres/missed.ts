import { withoutSlot, type ServerMemory } from '../../alerts/quorum.ts';
import type { PgClient } from '../../engine/peers.ts';
import { missedOf, type Gap, type Missed, type Note } from '../missed.ts';
import { gapOf, noteOf, shiftOf } from '../rows.ts';
import type { Postgres } from './connection.ts';

/** From now on these servers are watched from a region: those that were not for a while begin anew. */
export async function watchFrom(client: PgClient, region: string, servers: readonly string[]): Promise<void> {
  const { rows } = await client.query(
    `SELECT server, memory FROM mettle_watch.memories JOIN mettle_watch.unwatched USING (server)
     WHERE region = $1 AND server = ANY($2) AND memory IS NOT NULL ORDER BY server FOR UPDATE OF memories`,
    [region, servers],
  );
  for (const { server, memory } of rows)
    await client.query('UPDATE mettle_watch.memories SET memory = $2 WHERE server = $1', [
      server,
      JSON.stringify(withoutSlot(JSON.parse(String(memory)) as ServerMemory, region)),
    ]);
  await client.query('DELETE FROM mettle_watch.unwatched WHERE region = $1 AND server = ANY($2)', [
    region,
    servers,
  ]);
  await client.query(
    `INSERT INTO mettle_watch.unwatched (server, region)
     SELECT server, $1 FROM mettle_watch.memories WHERE NOT server = ANY($2) ORDER BY server ON CONFLICT DO NOTHING`,
    [region, servers],
  );
}

export async function keepGaps(client: PgClient, gaps: readonly Gap[]): Promise<void> {
  if (gaps.length === 0) return;
  await client.query(
    `INSERT INTO mettle_watch.gaps (server, region, after_ms, before_ms, every_ms)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::bigint[]) ON CONFLICT DO NOTHING`,
    [
      gaps.map(({ server }) => server),
      gaps.map(({ region }) => region),
      gaps.map(({ afterMs }) => afterMs),
      gaps.map(({ beforeMs }) => beforeMs),
      gaps.map(({ everyMs }) => everyMs),
    ],
  );
}

export async function keepNotes(postgres: Postgres, notes: readonly Note[]): Promise<void> {
  await postgres.query(
    `INSERT INTO mettle_watch.notes (server, region, from_ms, to_ms, reason)
     SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[])`,
    [
      notes.map(({ server }) => server),
      notes.map(({ region }) => region),
      notes.map(({ fromMs }) => Math.round(fromMs)),
      notes.map(({ toMs }) => Math.round(toMs)),
      notes.map(({ reason }) => reason),
    ],
  );
}

/** What was due from a time on and has no look, by server. */
export async function readMissed(
  postgres: Postgres,
  sinceMs: number,
  nowMs: number,
  open: readonly Gap[],
  servers: readonly string[] | null,
): Promise<ReadonlyMap<string, Missed>> {
  const { rows } = await postgres.query(
    `SELECT g.*, ARRAY(SELECT l.slot_ms FROM mettle_watch.looks AS l WHERE l.server = g.server
       AND l.region = g.region AND l.slot_ms > g.after_ms AND l.slot_ms < g.before_ms)::text[] AS late
     FROM mettle_watch.gaps AS g WHERE g.before_ms > $1 AND ($2::text[] IS NULL OR g.server = ANY($2))`,
    [sinceMs, servers],
  );
  const gaps = [...rows.map(gapOf), ...open];
  if (gaps.length === 0) return new Map();
  const [notes, shifts] = await Promise.all([
    postgres.query(
      `SELECT * FROM mettle_watch.notes WHERE to_ms >= $1 AND ($2::text[] IS NULL OR server IS NULL OR server = ANY($2))`,
      [sinceMs, servers],
    ),
    postgres.query('SELECT * FROM mettle_watch.shifts WHERE until_ms >= $1', [sinceMs]),
  ]);
  const evidence = { notes: notes.rows.map(noteOf), shifts: shifts.rows.map(shiftOf), nowMs };
  return missedOf(gaps, evidence, sinceMs);
}
