import type { ToolListing } from '../../../evidence/index.ts';
import type { Turn } from '../../alerts/hysteresis.ts';
import {
  changesTools,
  judgeByQuorum,
  standingOf,
  type ServerMemory,
  type Voters,
} from '../../alerts/quorum.ts';
import { LOCAL, type KeptLook, type TakenLook } from '../history.ts';
import { alertOf, valuesOf } from '../keeping.ts';
import { gapBefore } from '../missed.ts';
import type { Statements } from './statements.ts';

/** A watcher alone has one region, which is alive as long as it is. */
export const ALONE: Voters = { alive: new Set([LOCAL]), quorum: 1 };

/** Keeps a look and what follows from it, within a transaction. Null when there was one of this slot already. */
export function recordLook(
  file: Statements,
  memories: Map<string, ServerMemory>,
  look: TakenLook,
  channels: number,
): KeptLook | null {
  if (!addLook(file, look)) return null;
  const { name } = look.server;
  const memory = memories.get(name);
  addGap(file, memory, look);
  const kept = changesTools(memory ?? null, look, ALONE) ? toolList(file, name) : null;
  const judged = judgeByQuorum(memory, look, ALONE, kept);
  const atMs = Date.parse(look.outcome.startedAt);
  memories.set(name, judged.memory);
  file.run(
    'INSERT INTO memories (server, memory) VALUES (?, ?) ON CONFLICT (server) DO UPDATE SET memory = excluded.memory',
    name,
    JSON.stringify(judged.memory),
  );
  if (judged.listing !== null)
    file.run(
      'INSERT INTO tool_lists (server, listing) VALUES (?, ?) ON CONFLICT (server) DO UPDATE SET listing = excluded.listing',
      name,
      JSON.stringify(judged.listing),
    );
  if (judged.changes.length > 0)
    file.run(
      'INSERT INTO tool_changes (server, at_ms, changes) VALUES (?, ?, ?)',
      name,
      atMs,
      JSON.stringify(judged.changes),
    );
  for (const turn of judged.turns) keepTurn(file, name, atMs, turn, channels);
  return { standing: standingOf(judged.memory, ALONE), turns: judged.turns };
}

/** False when there was one of this slot already. */
function addLook(file: Statements, look: TakenLook): boolean {
  const row = valuesOf(look);
  const { changes } = file.run(
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
  file.run(
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

function addGap(file: Statements, memory: ServerMemory | undefined, look: TakenLook): void {
  const gap = gapBefore(memory?.regions[look.region], look);
  if (gap === null) return;
  file.run(
    'INSERT INTO gaps (server, region, after_ms, before_ms, every_ms) VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING',
    gap.server,
    gap.region,
    gap.afterMs,
    gap.beforeMs,
    gap.everyMs,
  );
}

function keepTurn(file: Statements, server: string, atMs: number, turn: Turn, channels: number): void {
  const open = turn.turn === 'ends' ? openIncident(file, server, turn.kind) : null;
  const id =
    open ??
    Number(
      file.run(
        'INSERT INTO incidents (server, kind, started_at_ms, sentence) VALUES (?, ?, ?, ?)',
        server,
        turn.kind,
        atMs,
        turn.sentence,
      ).lastInsertRowid,
    );
  if (turn.turn !== 'begins') file.run('UPDATE incidents SET ended_at_ms = ? WHERE id = ?', atMs, id);
  const { key, alert } = alertOf(id, server, atMs, turn);
  // Within the transaction that changed the memory: an alert is lost only together with what it tells.
  for (let channel = 0; channel < channels; channel += 1)
    file.run(
      'INSERT INTO outbox (key, channel, body, next_at_ms) VALUES (?, ?, ?, ?) ON CONFLICT (key, channel) DO NOTHING',
      key,
      channel,
      JSON.stringify(alert),
      Date.now(),
    );
}

function openIncident(file: Statements, server: string, kind: string): number | null {
  const [row] = file.all(
    'SELECT id FROM incidents WHERE server = ? AND kind = ? AND ended_at_ms IS NULL ORDER BY id DESC LIMIT 1',
    server,
    kind,
  );
  return row === undefined ? null : Number(row['id']);
}

function toolList(file: Statements, server: string): ToolListing | null {
  const [row] = file.all('SELECT listing FROM tool_lists WHERE server = ?', server);
  return row === undefined ? null : (JSON.parse(String(row['listing'])) as ToolListing);
}
