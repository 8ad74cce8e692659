/** Two processes that start together must not create the same table at once. */
const SCHEMA_LOCK = 7_391_465;

/**
 * Tables of the history that many share, in a schema of their own. Times are milliseconds since 1970, but for leases: those
 * go by the clock of the database, which all have in common.
 */
export const SCHEMA: string = `
SELECT pg_advisory_xact_lock(${String(SCHEMA_LOCK)});
CREATE SCHEMA IF NOT EXISTS mettle_watch;
CREATE TABLE IF NOT EXISTS mettle_watch.memories (server text PRIMARY KEY, memory text) WITH (fillfactor = 50);
CREATE TABLE IF NOT EXISTS mettle_watch.looks (
  server text NOT NULL, region text NOT NULL, slot_ms bigint NOT NULL, at_ms bigint NOT NULL, status text NOT NULL,
  duration_ms double precision NOT NULL, phases text NOT NULL, failed_phase text, sentence text NOT NULL,
  inside text, prober text NOT NULL, kept bigint GENERATED ALWAYS AS IDENTITY, PRIMARY KEY (server, region, slot_ms));
CREATE INDEX IF NOT EXISTS looks_by_server ON mettle_watch.looks (server, at_ms);
CREATE INDEX IF NOT EXISTS looks_by_time ON mettle_watch.looks (at_ms);
CREATE INDEX IF NOT EXISTS looks_as_kept ON mettle_watch.looks (kept);
CREATE TABLE IF NOT EXISTS mettle_watch.hours (
  server text NOT NULL, hour_ms bigint NOT NULL, looks bigint NOT NULL, up bigint NOT NULL,
  sum_ms double precision NOT NULL, max_ms double precision NOT NULL, PRIMARY KEY (server, hour_ms));
CREATE TABLE IF NOT EXISTS mettle_watch.incidents (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, server text NOT NULL, kind text NOT NULL,
  started_at_ms bigint NOT NULL, ended_at_ms bigint, sentence text NOT NULL);
CREATE INDEX IF NOT EXISTS incidents_by_server ON mettle_watch.incidents (server, id);
CREATE TABLE IF NOT EXISTS mettle_watch.tool_lists (server text PRIMARY KEY, listing text NOT NULL);
CREATE TABLE IF NOT EXISTS mettle_watch.tool_changes (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, server text NOT NULL, at_ms bigint NOT NULL,
  changes text NOT NULL);
CREATE INDEX IF NOT EXISTS tool_changes_by_server ON mettle_watch.tool_changes (server, id);
CREATE TABLE IF NOT EXISTS mettle_watch.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, key text NOT NULL, channel integer NOT NULL, body text NOT NULL,
  attempts integer NOT NULL DEFAULT 0, next_at_ms bigint NOT NULL, claimed_until timestamptz, sent_at_ms bigint,
  UNIQUE (key, channel));
CREATE INDEX IF NOT EXISTS outbox_due ON mettle_watch.outbox (next_at_ms) WHERE sent_at_ms IS NULL;
CREATE TABLE IF NOT EXISTS mettle_watch.probers (
  id text PRIMARY KEY, region text NOT NULL, alive_until timestamptz NOT NULL);
CREATE TABLE IF NOT EXISTS mettle_watch.gaps (
  server text NOT NULL, region text NOT NULL, after_ms bigint NOT NULL, before_ms bigint NOT NULL,
  every_ms bigint NOT NULL, PRIMARY KEY (server, region, after_ms));
CREATE INDEX IF NOT EXISTS gaps_by_time ON mettle_watch.gaps (before_ms);
CREATE TABLE IF NOT EXISTS mettle_watch.notes (
  server text, region text NOT NULL, from_ms bigint NOT NULL, to_ms bigint NOT NULL, reason text NOT NULL);
CREATE INDEX IF NOT EXISTS notes_by_time ON mettle_watch.notes (to_ms);
CREATE TABLE IF NOT EXISTS mettle_watch.shifts (
  prober text NOT NULL, region text NOT NULL, since_ms bigint NOT NULL, sign_ms bigint NOT NULL,
  until_ms bigint NOT NULL, has_left boolean NOT NULL, PRIMARY KEY (prober, since_ms));
CREATE TABLE IF NOT EXISTS mettle_watch.unwatched (
  server text NOT NULL, region text NOT NULL, PRIMARY KEY (server, region));
`;
