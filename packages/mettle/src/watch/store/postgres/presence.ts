import type { PgClient } from '../../engine/peers.ts';
import type { Shift } from '../missed.ts';
import { ShiftClock } from '../shift-clock.ts';
import { Outage, type Postgres } from './connection.ts';

/** A process that looks. */
export interface Prober {
  readonly id: string;
  readonly region: string;
}

/** Signs of life in one lease: losing a few to a busy machine is no death. */
const SIGNS_PER_LEASE = 4;

/**
 * Tells the others that this process lives, and knows who else does. Leases go by the database's clock. After the own lease
 * has lapsed, as after an outage, a while passes before votes are counted again: the others lapsed too, and a vote without
 * them would be that of a minority.
 */
export class Presence {
  readonly self: Prober;
  readonly leaseMs: number;
  readonly #postgres: Postgres;
  readonly #shift: ShiftClock;
  #timer: NodeJS.Timeout | null = null;
  #beating: Promise<void> = Promise.resolve();
  #probers: readonly Prober[];
  #settledAtMs = 0;

  constructor(postgres: Postgres, self: Prober, leaseMs: number) {
    this.#postgres = postgres;
    this.self = self;
    this.leaseMs = leaseMs;
    this.#shift = new ShiftClock(self.region, leaseMs);
    this.#probers = [self];
  }

  /** Everybody known to be alive; this process always is. */
  get probers(): readonly Prober[] {
    return this.#probers;
  }

  /** Rejects when the first sign cannot be given. */
  async start(): Promise<void> {
    await this.#sign();
    this.#timer = setInterval(() => {
      const shifts = this.#shift.sign(Date.now());
      this.#beating = Promise.all([this.#sign(), this.#keepShifts(shifts)]).then(
        () => undefined,
        () => undefined,
      );
    }, this.leaseMs / SIGNS_PER_LEASE);
  }

  /** Takes looks from now on. Rejects with Outage; the next sign tells of it then. */
  async begin(nowMs: number): Promise<void> {
    await this.#keepShifts([this.#shift.begin(nowMs)]);
  }

  /** Takes no more. Rejects with Outage. */
  async leave(nowMs: number): Promise<void> {
    await this.#keepShifts(this.#shift.leave(nowMs));
  }

  /** Leaves the lease to lapse: a region that is only started anew keeps its vote. */
  async stop(): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await this.#beating;
  }

  /** The regions that may vote, read within the transaction that counts. Rejects with Outage while votes do not count. */
  async voters(client: PgClient): Promise<ReadonlySet<string>> {
    const { rows } = await client.query(
      'SELECT id, region FROM mettle_watch.probers WHERE alive_until > clock_timestamp()',
    );
    if (!rows.some(({ id }) => id === this.self.id) || performance.now() < this.#settledAtMs)
      throw new Outage('Postgres answers again: waiting to see which regions are alive');
    return new Set(rows.map(({ region }) => String(region)));
  }

  async #keepShifts(shifts: readonly Shift[]): Promise<void> {
    for (const { region, sinceMs, signMs, untilMs, hasLeft } of shifts)
      await this.#postgres.query(
        `INSERT INTO mettle_watch.shifts (prober, region, since_ms, sign_ms, until_ms, has_left)
         VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (prober, since_ms) DO UPDATE
         SET sign_ms = excluded.sign_ms, until_ms = excluded.until_ms, has_left = excluded.has_left
         WHERE NOT shifts.has_left`,
        [this.self.id, region, sinceMs, signMs, untilMs, hasLeft],
      );
  }

  async #sign(): Promise<void> {
    const { rows } = await this.#postgres.query(
      `WITH before AS (SELECT alive_until > clock_timestamp() AS alive FROM mettle_watch.probers WHERE id = $1),
       mine AS (
         INSERT INTO mettle_watch.probers (id, region, alive_until)
         VALUES ($1, $2, clock_timestamp() + $3 * interval '1 millisecond')
         ON CONFLICT (id) DO UPDATE SET alive_until = excluded.alive_until RETURNING id)
       SELECT id, region, (SELECT alive FROM before) AS alive FROM mettle_watch.probers
       WHERE alive_until > clock_timestamp() OR id = $1`,
      [this.self.id, this.self.region, this.leaseMs],
    );
    // Not at the very first: whoever starts alone is alone.
    if (this.#timer !== null && rows.some(({ id, alive }) => id === this.self.id && alive !== true))
      this.#settledAtMs = performance.now() + this.leaseMs / 2;
    const others = rows
      .map(({ id, region }) => ({ id: String(id), region: String(region) }))
      .filter(({ id }) => id !== this.self.id);
    this.#probers = [this.self, ...others];
  }
}

/** Those whose word counts when nobody asks within a transaction: for what is shown. */
export async function regionsAlive(postgres: Postgres): Promise<ReadonlySet<string>> {
  const { rows } = await postgres.query(
    'SELECT DISTINCT region FROM mettle_watch.probers WHERE alive_until > clock_timestamp()',
  );
  return new Set(rows.map(({ region }) => String(region)));
}
