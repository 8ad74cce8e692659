import { requireNumber } from '../errors.ts';

/** Why a session ended. */
export type SessionEnd = 'deleted' | 'idle' | 'evicted' | 'closed';

/** Bounds of the sessions of a server. */
export interface SessionsOptions<T> {
  /** A session without a call for so long is ended; 30 minutes by default. Clients that crash never say goodbye. */
  readonly idleMs?: number;
  /** One more ends the one that was idle longest; 1,000 by default. Those with a running call are never ended for it. */
  readonly max?: number;
  /** Frees what the session holds: close its transport here. What it throws is given to `process.emitWarning`. */
  readonly onEnd: (session: T, id: string, why: SessionEnd) => unknown;
}

/** The session map that MCP examples keep for ever, with an end. */
export interface Sessions<T> {
  set(id: string, session: T): void;
  /** The session, which counts as used now. */
  get(id: string): T | undefined;
  has(id: string): boolean;
  /** Keeps the session from going idle while `work` runs, however long it does. */
  during<R>(id: string, work: (session: T) => R | PromiseLike<R>): Promise<R | undefined>;
  /** Ends it; false when there was none. */
  delete(id: string): boolean;
  /** Ends all. */
  close(): void;
  readonly size: number;
}

interface Entry<T> {
  readonly session: T;
  usedAt: number;
  busy: number;
}

/** Makes the map; make it once, at module load. Its timer keeps no process alive. */
export function createSessions<T>(options: SessionsOptions<T>): Sessions<T> {
  return new SessionMap(options);
}

class SessionMap<T> implements Sessions<T> {
  /** From the one idle longest to the one used last. */
  readonly #entries = new Map<string, Entry<T>>();
  readonly #idleMs: number;
  readonly #max: number;
  readonly #onEnd: SessionsOptions<T>['onEnd'];
  #timer: NodeJS.Timeout | undefined;

  constructor({ idleMs = 1_800_000, max = 1000, onEnd }: SessionsOptions<T>) {
    this.#idleMs = requireNumber('idleMs', idleMs, 1, 2 ** 31 - 1);
    this.#max = requireNumber('max', max, 1);
    this.#onEnd = onEnd;
  }

  get size(): number {
    return this.#entries.size;
  }

  set(id: string, session: T): void {
    const present = this.#entries.get(id);
    if (present !== undefined && present.session !== session) this.#end(id, present, 'deleted');
    this.#entries.delete(id);
    this.#entries.set(id, {
      session,
      usedAt: Date.now(),
      busy: present?.session === session ? present.busy : 0,
    });
    if (this.#entries.size > this.#max) this.#evict();
    this.#timer ??= this.#look();
  }

  get(id: string): T | undefined {
    return this.#use(id)?.session;
  }

  has(id: string): boolean {
    return this.#entries.has(id);
  }

  async during<R>(id: string, work: (session: T) => R | PromiseLike<R>): Promise<R | undefined> {
    const entry = this.#use(id);
    if (entry === undefined) return undefined;
    entry.busy++;
    try {
      return await work(entry.session);
    } finally {
      entry.busy--;
      this.#use(id);
    }
  }

  delete(id: string): boolean {
    const entry = this.#entries.get(id);
    if (entry === undefined) return false;
    this.#end(id, entry, 'deleted');
    return true;
  }

  close(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
    for (const [id, entry] of this.#entries) this.#end(id, entry, 'closed');
  }

  #use(id: string): Entry<T> | undefined {
    const entry = this.#entries.get(id);
    if (entry === undefined) return undefined;
    entry.usedAt = Date.now();
    this.#entries.delete(id);
    this.#entries.set(id, entry);
    return entry;
  }

  #evict(): void {
    for (const [id, entry] of this.#entries) {
      if (entry.busy > 0) continue;
      this.#end(id, entry, 'evicted');
      return;
    }
  }

  /** Looks ten times per idle time: a session lives at most a tenth longer than asked. */
  #look(): NodeJS.Timeout {
    const timer = setInterval(
      () => {
        const oldest = Date.now() - this.#idleMs;
        for (const [id, entry] of this.#entries) {
          if (entry.usedAt > oldest) break;
          if (entry.busy === 0) this.#end(id, entry, 'idle');
        }
        if (this.#entries.size > 0) return;
        clearInterval(timer);
        this.#timer = undefined;
      },
      Math.max(10, this.#idleMs / 10),
    );
    return timer.unref();
  }

  #end(id: string, { session }: Entry<T>, why: SessionEnd): void {
    // First out of the map: closing a transport calls back, and would end it a second time.
    this.#entries.delete(id);
    const warn = (error: unknown): void =>
      process.emitWarning(`Ending session ${id} failed: ${String(error)}`, 'MettleWarning');
    try {
      Promise.resolve(this.#onEnd(session, id, why)).catch(warn);
    } catch (error) {
      warn(error);
    }
  }
}

/**
 * State that lives as long as the object it belongs to (a session's server or transport) and goes with it:
 * `const cart = stateOf(() => new Cart()); cart(server).add(…)`.
 */
export function stateOf<O extends object, S>(make: (owner: O) => S): (owner: O) => S {
  const states = new WeakMap<O, { readonly state: S }>();
  return (owner) => {
    let held = states.get(owner);
    if (held === undefined) states.set(owner, (held = { state: make(owner) }));
    return held.state;
  };
}
