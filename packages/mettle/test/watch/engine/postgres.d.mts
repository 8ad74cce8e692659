/** A Postgres of the caller's own. */
export interface TestPostgres {
  /** A new, empty database in it. */
  database(): Promise<string>;
  /** Ends it as a power cut would; what was committed stays. */
  kill(): Promise<void>;
  /** Starts it again, at the same address. */
  start(): Promise<void>;
  /** Ends it and leaves nothing behind. */
  remove(): Promise<void>;
}

/** Why tests that need Postgres are skipped; null when they are not. */
export const noPostgres: string | null;

export function startPostgres(): Promise<TestPostgres>;

/** The rows of one statement. */
export function query(url: string, sql: string): Promise<readonly Readonly<Record<string, unknown>>[]>;
