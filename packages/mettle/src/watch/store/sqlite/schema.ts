/** Tables of the history. Times are milliseconds since 1970. */
export const SCHEMA = `
CREATE TABLE IF NOT EXISTS memories (server TEXT PRIMARY KEY, memory TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS looks (
  id INTEGER PRIMARY KEY, server TEXT NOT NULL, region TEXT NOT NULL DEFAULT 'local', slot_ms INTEGER,
  at_ms INTEGER NOT NULL, status TEXT NOT NULL,
  duration_ms REAL NOT NULL, phases TEXT NOT NULL, failed_phase TEXT, sentence TEXT NOT NULL, inside TEXT);
CREATE INDEX IF NOT EXISTS looks_by_server ON looks (server, at_ms);
CREATE INDEX IF NOT EXISTS looks_by_time ON looks (at_ms);
CREATE TABLE IF NOT EXISTS hours (
  server TEXT NOT NULL, hour_ms INTEGER NOT NULL, looks INTEGER NOT NULL, up INTEGER NOT NULL,
  sum_ms REAL NOT NULL, max_ms REAL NOT NULL, PRIMARY KEY (server, hour_ms));
CREATE TABLE IF NOT EXISTS incidents (
  id INTEGER PRIMARY KEY, server TEXT NOT NULL, kind TEXT NOT NULL, started_at_ms INTEGER NOT NULL,
  ended_at_ms INTEGER, sentence TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS incidents_by_server ON incidents (server, id);
CREATE TABLE IF NOT EXISTS tool_lists (server TEXT PRIMARY KEY, listing TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS tool_changes (
  id INTEGER PRIMARY KEY, server TEXT NOT NULL, at_ms INTEGER NOT NULL, changes TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
  id INTEGER PRIMARY KEY, key TEXT NOT NULL, channel INTEGER NOT NULL, body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, next_at_ms INTEGER NOT NULL, sent_at_ms INTEGER, UNIQUE (key, channel));
CREATE TABLE IF NOT EXISTS gaps (
  server TEXT NOT NULL, region TEXT NOT NULL, after_ms INTEGER NOT NULL, before_ms INTEGER NOT NULL,
  every_ms INTEGER NOT NULL, PRIMARY KEY (server, region, after_ms));
CREATE INDEX IF NOT EXISTS gaps_by_time ON gaps (before_ms);
CREATE TABLE IF NOT EXISTS notes (
  server TEXT, region TEXT NOT NULL, from_ms INTEGER NOT NULL, to_ms INTEGER NOT NULL, reason TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS notes_by_server ON notes (server, to_ms);
CREATE INDEX IF NOT EXISTS notes_by_time ON notes (to_ms);
CREATE TABLE IF NOT EXISTS shifts (
  region TEXT NOT NULL, since_ms INTEGER NOT NULL, sign_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,
  has_left INTEGER NOT NULL, PRIMARY KEY (region, since_ms));
CREATE TABLE IF NOT EXISTS unwatched (server TEXT PRIMARY KEY);
`;

/** Columns that a file made before them lacks. */
export const LATER_COLUMNS: readonly { readonly name: string; readonly sql: string }[] = [
  { name: 'region', sql: "ALTER TABLE looks ADD COLUMN region TEXT NOT NULL DEFAULT 'local'" },
  { name: 'slot_ms', sql: 'ALTER TABLE looks ADD COLUMN slot_ms INTEGER' },
  { name: 'inside', sql: 'ALTER TABLE looks ADD COLUMN inside TEXT' },
];
/** Made once the columns are there: a look is kept once. */
export const SLOTS = 'CREATE UNIQUE INDEX IF NOT EXISTS looks_by_slot ON looks (server, region, slot_ms)';
