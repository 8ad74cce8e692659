import type { ToolListing } from '../../../evidence/index.ts';
import type { PgClient } from '../../engine/peers.ts';
import type { Turn } from '../../alerts/hysteresis.ts';
import {
  changesTools,
  judgeByQuorum,
  standingOf,
  type Judgement,
  type ServerMemory,
  type Voters,
} from '../../alerts/quorum.ts';
import type { KeptLook, TakenLook } from '../history.ts';
import { alertOf, valuesOf, type LookValues } from '../keeping.ts';
import { gapBefore, type Gap } from '../missed.ts';
import type { Postgres } from './connection.ts';
import { keepGaps } from './missed.ts';

/** What a recording needs to know of the watcher. */
export interface Terms {
  readonly prober: string;
  readonly channels: number;
  voters(client: PgClient): Promise<Voters>;
}

/**
 * Makes the rows that are locked below for servers not known yet: by itself and in order, since whoever inserted one while it
 * holds others, and waits for one that another inserts, could wait in a circle.
 */
export async function makeRows(
  postgres: Postgres,
  looks: readonly TakenLook[],
  known: Set<string>,
): Promise<void> {
  const names = namesOf(looks).filter((name) => !known.has(name));
  if (names.length === 0) return;
  await postgres.query(
    'INSERT INTO mettle_watch.memories (server) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING',
    [names],
  );
  for (const name of names) known.add(name);
}

/**
 * Keeps looks within one transaction. The servers' rows are locked first and in order, so that two processes judge one
 * server one after the other, and never wait for each other in a circle.
 */
export async function recordLooks(
  client: PgClient,
  looks: readonly TakenLook[],
  terms: Terms,
): Promise<readonly (KeptLook | null)[]> {
  const memories = await lockedMemories(client, looks);
  const voters = await terms.voters(client);
  const fresh = await insertLooks(client, looks, terms.prober);
  const results: (KeptLook | null)[] = [];
  const gaps: Gap[] = [];
  for (const [i, look] of looks.entries()) {
    if (!fresh.has(i)) {
      results.push(null);
      continue;
    }
    const { name } = look.server;
    const memory = memories.get(name) ?? null;
    const gap = gapBefore(memory?.regions[look.region], look);
    if (gap !== null) gaps.push(gap);
    const kept = changesTools(memory, look, voters) ? await toolList(client, name) : null;
    const judged = judgeByQuorum(memory ?? undefined, look, voters, kept);
    memories.set(name, judged.memory);
    await keepRareThings(client, look, judged, terms.channels);
    results.push({ standing: standingOf(judged.memory, voters), turns: judged.turns });
  }
  const kept = looks.filter((_look, i) => fresh.has(i));
  if (kept.length > 0) {
    await saveMemories(client, memories, new Set(kept.map(({ server }) => server.name)));
    await addToHours(client, kept.map(valuesOf));
    await keepGaps(client, gaps);
  }
  return results;
}

async function lockedMemories(
  client: PgClient,
  looks: readonly TakenLook[],
): Promise<Map<string, ServerMemory>> {
  const { rows } = await client.query(
    'SELECT server, memory FROM mettle_watch.memories WHERE server = ANY($1) ORDER BY server FOR UPDATE',
    [namesOf(looks)],
  );
  return new Map(
    rows.flatMap(({ server, memory }) =>
      typeof memory === 'string' ? [[String(server), JSON.parse(memory) as ServerMemory] as const] : [],
    ),
  );
}

function namesOf(looks: readonly TakenLook[]): readonly string[] {
  return [...new Set(looks.map(({ server }) => server.name))].toSorted();
}

/** Which of the looks are the first of their slot. */
async function insertLooks(
  client: PgClient,
  looks: readonly TakenLook[],
  prober: string,
): Promise<ReadonlySet<number>> {
  const values = looks.map(valuesOf);
  const { rows } = await client.query(
    `INSERT INTO mettle_watch.looks
       (server, region, slot_ms, at_ms, status, duration_ms, phases, failed_phase, sentence, inside, prober)
     SELECT *, $11 FROM unnest($1::text[], $2::text[], $3::bigint[], $4::bigint[], $5::text[],
       $6::double precision[], $7::text[], $8::text[], $9::text[], $10::text[])
     ON CONFLICT DO NOTHING RETURNING server, region, slot_ms`,
    [
      values.map(({ server }) => server),
      values.map(({ region }) => region),
      values.map(({ slotMs }) => Math.round(slotMs)),
      values.map(({ atMs }) => atMs),
      values.map(({ status }) => status),
      values.map(({ durationMs }) => durationMs),
      values.map(({ phases }) => phases),
      values.map(({ failedPhase }) => failedPhase),
      // What a server says may hold what no text of a database can.
      values.map(({ sentence }) => sentence.replaceAll('\0', '')),
      values.map(({ inside }) => inside),
      prober,
    ],
  );
  const inserted = new Set(rows.map((row) => keyOf(row['server'], row['region'], row['slot_ms'])));
  const fresh = new Set<number>();
  for (const [i, { server, region, slotMs }] of values.entries())
    // One of two in the same batch: the first.
    if (inserted.delete(keyOf(server, region, Math.round(slotMs)))) fresh.add(i);
  return fresh;
}

function keyOf(...parts: readonly unknown[]): string {
  return parts.map(String).join('\n');
}

async function saveMemories(
  client: PgClient,
  memories: ReadonlyMap<string, ServerMemory>,
  names: ReadonlySet<string>,
): Promise<void> {
  const changed = [...memories].filter(([name]) => names.has(name));
  await client.query(
    `UPDATE mettle_watch.memories AS m SET memory = n.memory
     FROM unnest($1::text[], $2::text[]) AS n (server, memory) WHERE m.server = n.server`,
    [changed.map(([name]) => name), changed.map(([, memory]) => JSON.stringify(memory))],
  );
}

async function addToHours(client: PgClient, values: readonly LookValues[]): Promise<void> {
  await client.query(
    `INSERT INTO mettle_watch.hours AS h (server, hour_ms, looks, up, sum_ms, max_ms)
     SELECT server, hour_ms, count(*), sum(up), sum(ms), max(ms)
     FROM unnest($1::text[], $2::bigint[], $3::bigint[], $4::double precision[]) AS n (server, hour_ms, up, ms)
     GROUP BY server, hour_ms ORDER BY server, hour_ms
     ON CONFLICT (server, hour_ms) DO UPDATE SET looks = h.looks + excluded.looks, up = h.up + excluded.up,
     sum_ms = h.sum_ms + excluded.sum_ms, max_ms = greatest(h.max_ms, excluded.max_ms)`,
    [
      values.map(({ server }) => server),
      values.map(({ hourMs }) => hourMs),
      values.map(({ up }) => up),
      values.map(({ durationMs }) => durationMs),
    ],
  );
}

async function toolList(client: PgClient, server: string): Promise<ToolListing | null> {
  const { rows } = await client.query('SELECT listing FROM mettle_watch.tool_lists WHERE server = $1', [
    server,
  ]);
  return rows[0] === undefined ? null : (JSON.parse(String(rows[0]['listing'])) as ToolListing);
}

async function keepRareThings(
  client: PgClient,
  { server: { name }, outcome }: TakenLook,
  { listing, changes, turns }: Judgement,
  channels: number,
): Promise<void> {
  const atMs = Date.parse(outcome.startedAt);
  if (listing !== null)
    await client.query(
      `INSERT INTO mettle_watch.tool_lists (server, listing) VALUES ($1, $2)
       ON CONFLICT (server) DO UPDATE SET listing = excluded.listing`,
      [name, JSON.stringify(listing)],
    );
  if (changes.length > 0)
    await client.query('INSERT INTO mettle_watch.tool_changes (server, at_ms, changes) VALUES ($1, $2, $3)', [
      name,
      atMs,
      JSON.stringify(changes),
    ]);
  for (const turn of turns) await keepTurn(client, name, atMs, turn, channels);
}

async function keepTurn(
  client: PgClient,
  server: string,
  atMs: number,
  turn: Turn,
  channels: number,
): Promise<void> {
  const id = (turn.turn === 'ends' ? await openIncident(client, server, turn.kind) : null) ?? (await begin());
  if (turn.turn !== 'begins')
    await client.query('UPDATE mettle_watch.incidents SET ended_at_ms = $1 WHERE id = $2', [atMs, id]);
  const { key, alert } = alertOf(id, server, atMs, turn);
  await client.query(
    `INSERT INTO mettle_watch.outbox (key, channel, body, next_at_ms)
     SELECT $1, channel, $2, $3 FROM generate_series(0, $4::integer - 1) AS channel ON CONFLICT DO NOTHING`,
    [key, JSON.stringify(alert), Date.now(), channels],
  );

  async function begin(): Promise<number> {
    const { rows } = await client.query(
      `INSERT INTO mettle_watch.incidents (server, kind, started_at_ms, sentence) VALUES ($1, $2, $3, $4)
       RETURNING id`,
      [server, turn.kind, atMs, turn.sentence.replaceAll('\0', '')],
    );
    return Number(rows[0]?.['id']);
  }
}

async function openIncident(client: PgClient, server: string, kind: string): Promise<number | null> {
  const { rows } = await client.query(
    `SELECT id FROM mettle_watch.incidents WHERE server = $1 AND kind = $2 AND ended_at_ms IS NULL
     ORDER BY id DESC LIMIT 1`,
    [server, kind],
  );
  return rows[0] === undefined ? null : Number(rows[0]['id']);
}
