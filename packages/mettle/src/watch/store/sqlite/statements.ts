import Database from 'libsql';
import type { Row } from '../rows.ts';

type Statement = ReturnType<InstanceType<typeof Database>['prepare']>;

/** A SQLite file, each statement prepared once. What a transaction wrote is on disk before it returns, even when the process is killed next. */
export class Statements {
  readonly #db: InstanceType<typeof Database>;
  readonly #prepared: Map<string, Statement> = new Map();

  constructor(file: string) {
    this.#db = new Database(file);
    // A write-ahead log survives kill -9; only a crash of the machine could cost the last second.
    this.#db.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA busy_timeout = 5000;');
  }

  /** Of the connection itself: tables, transactions. */
  exec(sql: string): void {
    this.#db.exec(sql);
  }

  run(
    sql: string,
    ...values: readonly unknown[]
  ): { readonly lastInsertRowid: number | bigint; readonly changes: number } {
    return this.#statement(sql).run([...values]);
  }

  all(sql: string, ...values: readonly unknown[]): readonly Row[] {
    return this.#statement(sql).all([...values]) as Row[];
  }

  /** All that the action writes, or nothing. */
  transaction<T>(action: () => T): T {
    this.#db.exec('BEGIN IMMEDIATE');
    try {
      const result = action();
      this.#db.exec('COMMIT');
      return result;
    } catch (error) {
      this.#db.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    // Statements that are still held keep the library from doing so itself; a copy of the one file is then whole.
    this.#db.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    this.#db.close();
  }

  #statement(sql: string): Statement {
    const known = this.#prepared.get(sql);
    if (known !== undefined) return known;
    const made = this.#db.prepare(sql);
    this.#prepared.set(sql, made);
    return made;
  }
}
