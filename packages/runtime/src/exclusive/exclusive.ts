import { currentCall } from '../call.ts';
import { cancelled, requireNumber, RuntimeError } from '../errors.ts';
import { Scope } from './scope.ts';

/** How long one caller is willing to wait for its turn. */
export interface ExclusiveOptions {
  /** Leaves the queue when aborted; the current call's signal by default. */
  readonly signal?: AbortSignal;
  /** Leaves the queue after this time. No default: a lock is as slow as its holders. */
  readonly waitTimeoutMs?: number;
  /** Set for work queued behind the present holder but not awaited by it: waiting for oneself is then no deadlock. */
  readonly detached?: boolean;
}

/** A family of locks; the same key in two families is two locks. */
export interface Exclusive {
  /**
   * Runs `work` while nobody else runs with this key, in order of arrival. A caller that would wait for itself, directly
   * or through other locks, gets METTLE_DEADLOCK at once instead of waiting forever.
   */
  <T>(key: unknown, work: () => T | PromiseLike<T>, options?: ExclusiveOptions): Promise<T>;
  /** How many callers hold or wait for this key. */
  waiting(key: unknown): number;
  /** How many keys are held at the moment: what is not held takes no memory, but for one name. */
  readonly size: number;
}

/** One who holds a lock, or waits for it; `outer` is the holder in whose work it was asked for. */
interface Holder {
  /** Undefined before and after. */
  lock: Lock | undefined;
  /** What this holder's work waits for, at any depth, with how many waits. */
  waitsFor: Map<Lock, number> | undefined;
  readonly outer: Holder | undefined;
}
interface Waiter {
  readonly holder: Holder;
  readonly enter: () => void;
  next: Waiter | undefined;
}
interface Lock {
  readonly key: unknown;
  /** Undefined in the lock that is kept for the next caller. */
  holder: Holder | undefined;
  head: Waiter | undefined;
  tail: Waiter | undefined;
  waiters: number;
}

const holders = new Scope<Holder>();

/** Makes a family of locks. State lives here: make it once, at module load, not in a handler. */
export function createExclusive(): Exclusive {
  const locks = new Map<unknown, Lock>();
  /** The lock that was left last: mostly it is the next one wanted. It alone is in the map without being held. */
  let idle: Lock | undefined;

  function leave(lock: Lock, holder: Holder): void {
    holder.lock = undefined;
    const next = lock.head;
    if (next === undefined) {
      lock.holder = undefined;
      if (idle !== undefined) locks.delete(idle.key);
      // An object that is somebody's key may be collected.
      idle = typeof lock.key === 'string' ? lock : undefined;
      if (idle === undefined) locks.delete(lock.key);
      return;
    }
    lock.head = next.next;
    lock.tail = lock.head === undefined ? undefined : lock.tail;
    lock.waiters--;
    hand(lock, next.holder);
    next.enter();
  }

  async function exclusive<T>(
    key: unknown,
    work: () => T | PromiseLike<T>,
    options?: ExclusiveOptions,
  ): Promise<T> {
    const holder: Holder = { lock: undefined, waitsFor: undefined, outer: stillHeld(holders.current()) };
    let lock = locks.get(key);
    if (lock === undefined) {
      lock = { key, holder, head: undefined, tail: undefined, waiters: 0 };
      locks.set(key, lock);
      holder.lock = lock;
    } else if (lock === idle) {
      idle = undefined;
      hand(lock, holder);
    } else {
      await turn(lock, holder, options);
    }
    try {
      return await holders.run(holder, work);
    } finally {
      leave(lock, holder);
    }
  }

  const family = exclusive as Exclusive & { waiting: Exclusive['waiting'] };
  family.waiting = (key) => {
    const lock = locks.get(key);
    return lock === undefined || lock === idle ? 0 : 1 + lock.waiters;
  };
  Object.defineProperty(family, 'size', { get: () => locks.size - (idle === undefined ? 0 : 1) });
  return family;
}

/** The locks most servers need: one family for the whole process. */
export const exclusive: Exclusive = createExclusive();

function hand(lock: Lock, holder: Holder): void {
  lock.holder = holder;
  holder.lock = lock;
}

/** What is started in a lock's work may outlive it: holders that have left are skipped, so chains stay short. */
function stillHeld(holder: Holder | undefined): Holder | undefined {
  let at = holder;
  while (at !== undefined && at.lock === undefined) at = at.outer;
  return at;
}

/** Notes (or, with −1, un-notes) that the work of `inner` and of all around it waits for the lock. */
function noteWait(inner: Holder | undefined, lock: Lock, change: 1 | -1): void {
  for (let at = inner; at !== undefined; at = at.outer) {
    const waits = (at.waitsFor ??= new Map());
    const count = (waits.get(lock) ?? 0) + change;
    if (count > 0) waits.set(lock, count);
    else waits.delete(lock);
  }
}

/** Waits until the lock is handed over; rejects when the caller gives up or waiting could never end. */
async function turn(lock: Lock, holder: Holder, options: ExclusiveOptions | undefined): Promise<void> {
  const signal = options?.signal ?? currentCall()?.signal;
  if (signal?.aborted === true) throw cancelled(signal);
  const awaited = options?.detached === true ? undefined : holder.outer;
  refuseDeadlock(lock, awaited);
  const waitTimeoutMs = options?.waitTimeoutMs;
  if (waitTimeoutMs !== undefined) requireNumber('waitTimeoutMs', waitTimeoutMs, 0);

  noteWait(awaited, lock, 1);
  await new Promise<void>((resolve, reject) => {
    let timer: NodeJS.Timeout | undefined;
    const settle = (): void => {
      signal?.removeEventListener('abort', onAbort);
      clearTimeout(timer);
      noteWait(awaited, lock, -1);
    };
    const waiter: Waiter = {
      holder,
      enter: () => {
        settle();
        resolve();
      },
      next: undefined,
    };
    const giveUp = (error: Error): void => {
      settle();
      remove(lock, waiter);
      reject(error);
    };
    const onAbort = (): void => giveUp(cancelled(signal as AbortSignal));
    signal?.addEventListener('abort', onAbort, { once: true });
    if (waitTimeoutMs !== undefined) {
      const message = `Waited ${waitTimeoutMs} ms for ${named(lock.key)}, which was still held`;
      timer = setTimeout(() => giveUp(new RuntimeError('METTLE_TIMED_OUT', message)), waitTimeoutMs);
    }
    append(lock, waiter);
  });
}

function append(lock: Lock, waiter: Waiter): void {
  if (lock.tail === undefined) lock.head = waiter;
  else lock.tail.next = waiter;
  lock.tail = waiter;
  lock.waiters++;
}

function remove(lock: Lock, waiter: Waiter): void {
  let before: Waiter | undefined;
  for (let at = lock.head; at !== undefined; before = at, at = at.next) {
    if (at !== waiter) continue;
    if (before === undefined) lock.head = at.next;
    else before.next = at.next;
    if (lock.tail === at) lock.tail = before;
    lock.waiters--;
    return;
  }
}

/** Follows who waits for whom; meeting one of our own locks on the way means that waiting would never end. */
function refuseDeadlock(wanted: Lock, outer: Holder | undefined): void {
  const mine = new Set<Lock>();
  for (let at = outer; at !== undefined; at = at.outer) {
    if (at.lock !== undefined) mine.add(at.lock);
  }
  if (mine.size === 0) return;
  const cameFrom = new Map<Lock, Lock | undefined>([[wanted, undefined]]);
  for (const lock of cameFrom.keys()) {
    if (mine.has(lock)) throw deadlock(lock, cameFrom);
    for (const next of lock.holder?.waitsFor?.keys() ?? []) {
      if (!cameFrom.has(next)) cameFrom.set(next, lock);
    }
  }
}

function deadlock(held: Lock, cameFrom: ReadonlyMap<Lock, Lock | undefined>): RuntimeError {
  const way: string[] = [];
  for (let at: Lock | undefined = held; at !== undefined; at = cameFrom.get(at)) way.unshift(named(at.key));
  const message = `Deadlock: the holder of ${named(held.key)} waits for itself (${way.join(' → ')}). Take the locks always in the same order, or do the inner work without the lock; if the inner call is not awaited, give it { detached: true }`;
  return new RuntimeError('METTLE_DEADLOCK', message);
}

function named(key: unknown): string {
  return typeof key === 'string' ? `“${key}”` : `the key of type ${typeof key}`;
}
