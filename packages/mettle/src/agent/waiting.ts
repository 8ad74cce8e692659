import { createHook, executionAsyncResource } from 'node:async_hooks';
import type { WaitingRecord } from '../evidence/index.ts';
import { isAgentWork } from './agent-work.ts';
import { poolJob, Wakers } from './async-kinds.ts';
import { currentCall, observeCalls, stopObservingCalls } from './calls.ts';
import type { Call, CallObserver } from './calls.ts';
import { criticalPath, WaitingLane } from './critical-path.ts';
import type { Mark, Pending, Turn } from './critical-path.ts';
import { listenToConversations } from './conversations.ts';
import { notePaths, pathBeingUsed } from './file-paths.ts';
import { silently } from './silently.ts';
import { isMacrotask } from './switches.ts';
import { openThreadClock } from './thread-clock.ts';
import { ThreadPool } from './thread-pool.ts';
import { WaitSums } from './wait-sums.ts';

/** Longer chains of turns are cut, so that a server's own endless timers keep no memory. */
const MAX_DEPTH = 500;
/** A call that stopped running more often is followed no further back. */
const MAX_STOPS = 5_000;
/** The loop waited for events if it was idle for longer than this since it last called back. */
const IDLE_MS = 0.05;
/** Reading the thread's clock takes 6 µs. */
const CLOCK_INTERVAL_MS = 0.5;

/** What was begun, by the resource that the loop will call back on. */
interface Begun {
  readonly type: string;
  pending: Omit<Pending, 'waker'>;
  readonly path: string | null;
}

/** What calls wait for: follows what wakes them, from the reply back to the message. */
export class Waiting implements CallObserver {
  readonly #wakers = new Wakers();
  readonly #pool = new ThreadPool(process.env['UV_THREADPOOL_SIZE']);
  readonly #clock = openThreadClock();
  readonly #sums = new WaitSums();
  readonly #live = new Set<WaitingLane>();
  readonly #begun = new WeakMap<object, Begun>();
  /** The last write on a conversation, whoever's it was. */
  readonly #lastWrites = new WeakMap<object, Pick<Pending, 'lane' | 'begun'>>();
  readonly #stack: (WaitingLane | null)[] = [];
  readonly #stops: (() => void)[];
  #turn: Turn | null = null;
  #running: WaitingLane | null = null;
  #runningSince = 0;
  #busyMs = 0;
  #busySince = 0;
  #busyFromMs = 0;
  #idleMs = 0;
  #clockReadAt = 0;

  constructor() {
    observeCalls(this);
    const hook = createHook({
      init: (_asyncId, type, _trigger, resource) => {
        if (type !== 'PROMISE' && type !== 'TickObject') silently(() => this.#init(type, resource));
      },
      before: () => silently(() => this.#before()),
      after: () => silently(() => this.left()),
    }).enable();
    const unwound = (): void => {
      if (this.#stack.length === 0) return;
      this.#stack.length = 0;
      this.#become(null);
      this.#rest();
    };
    process.on('uncaughtExceptionMonitor', unwound);
    this.#stops = [
      () => hook.disable(),
      notePaths(),
      listenToConversations({
        wroteTo: (socket, handle) => this.#wroteTo(this.#wakers.channelOf(socket, handle)),
        connectsTo: (socket, path) => this.#wakers.connectsTo(socket, path),
      }),
      stopObservingCalls,
      () => process.off('uncaughtExceptionMonitor', unwound),
    ];
  }

  begun(): void {}

  named(call: Call): void {
    this.#readClock(performance.now(), true);
    const lane = new WaitingLane(call, this.#mark(null));
    if (this.#live.size > 0) for (const other of [lane, ...this.#live]) other.alone = false;
    this.#live.add(lane);
    call.note = lane;
    if (currentCall() === call) this.#become(lane);
  }

  entered(call: Call): void {
    this.#push(laneOf(call));
  }

  left(): void {
    const before = this.#stack.pop();
    this.#become(before ?? null);
    if (before !== undefined && this.#stack.length === 0) this.#rest();
  }

  becameCurrent(call: Call): void {
    this.#become(laneOf(call));
  }

  replied(call: Call): void {
    const lane = laneOf(call);
    if (lane === null) return;
    this.#readClock(performance.now(), true);
    const end = this.#mark(lane);
    lane.replied = true;
    this.#live.delete(lane);
    this.#sums.add(lane, end, this.#turn === null ? null : criticalPath(lane, this.#turn));
    if (this.#running === lane) this.#become(null);
  }

  stop(): WaitingRecord {
    for (const stop of this.#stops.splice(0)) stop();
    return {
      threadPool: { threads: this.#pool.threads, maxJobs: this.#pool.maxJobs },
      subjects: this.#sums.subjects(),
    };
  }

  #init(type: string, resource: object): void {
    if (isAgentWork()) return;
    if (type === 'PROCESSWRAP') this.#wakers.spawned(resource);
    const lane = this.#currentLane();
    const speed = poolJob(type);
    const job = speed === null ? null : this.#pool.queue(performance.now(), speed === 'slow');
    const path = pathBeingUsed() ?? this.#inheritedPath(lane);
    this.#begun.set(resource, { type, path, pending: { lane, begun: this.#mark(lane), job } });
    if (type === 'ZLIB') this.#followWrites(resource);
  }

  /** A stream of node:zlib hands each chunk to the thread pool; its resource is made but once. */
  #followWrites(handle: { write?: unknown }): void {
    const { write } = handle;
    if (typeof write !== 'function') return;
    handle.write = (...args: unknown[]): unknown => {
      silently(() => {
        // A stream may live for as long as the server: what was put over its write goes at the first one afterwards.
        if (this.#stops.length === 0) delete handle.write;
        const begun = this.#begun.get(handle);
        if (begun === undefined || this.#turn === null || this.#stops.length === 0) return;
        const lane = this.#currentLane();
        const job = this.#pool.queue(performance.now(), false);
        begun.pending = { lane, begun: this.#mark(lane), job };
      });
      return (write as (...rest: unknown[]) => unknown).apply(handle, args);
    };
  }

  /** Reading a file takes several operations; only the first is told the path. */
  #inheritedPath(lane: WaitingLane | null): string | null {
    const cause = this.#turn?.pending;
    return cause?.waker.kind === 'file' && cause.lane === lane ? cause.waker.what : null;
  }

  #before(): void {
    if (this.#stack.length === 0) {
      const resource = executionAsyncResource();
      if (isMacrotask(resource)) this.#beginTurn(resource);
      else if (this.#turn === null) this.#beginTurn(null);
    }
    this.#push(this.#currentLane());
  }

  #beginTurn(resource: object | null): void {
    const atMs = performance.now();
    const hostMs = this.#clock.hostDelayMs;
    const idleMs = performance.nodeTiming.idleTime;
    const idled = idleMs - this.#idleMs > IDLE_MS;
    this.#idleMs = idleMs;
    this.#readClock(atMs, idled);
    if (idled) this.#busyFromMs = atMs;
    const pending = resource === null ? null : this.#pendingOf(resource, atMs);
    this.#turn = {
      startedAtMs: atMs,
      busyMs: this.#busyMs,
      delayedMs: Math.max(0, this.#clock.hostDelayMs - hostMs),
      busyFromMs: this.#busyFromMs,
      pending,
      depth: (pending?.begun?.turn?.depth ?? 0) + 1,
      lanes: new Set(),
    };
    const again = resource === null ? undefined : this.#begun.get(resource);
    // An interval that fires again has waited since it last did.
    if (again !== undefined) again.pending = { lane: again.pending.lane, begun: this.#mark(null), job: null };
  }

  #pendingOf(resource: object, atMs: number): Pending | null {
    const begun = this.#begun.get(resource);
    const type = begun?.type ?? typeOf(resource);
    if (type === null) return null;
    const waker = this.#wakers.nameOf(type, resource, begun?.path ?? null);
    if (begun?.pending.job) this.#pool.done(begun.pending.job, atMs);
    const written = waker.channel === null ? undefined : this.#lastWrites.get(waker.channel);
    if (written !== undefined) return { waker, ...written, job: null };
    // A handle is no operation: how old it is says nothing of what was asked of it, unless the call just made it.
    return begun === undefined
      ? { waker, lane: null, begun: null, job: null }
      : { waker, ...begun.pending, lane: stillRunning(begun.pending.lane) };
  }

  #wroteTo(channel: object): void {
    const lane = this.#currentLane();
    const begun = this.#mark(lane);
    this.#lastWrites.set(channel, { lane, begun });
    lane?.wrote(channel, begun);
  }

  #mark(lane: WaitingLane | null): Mark {
    const atMs = performance.now();
    const turn = this.#turn;
    return {
      atMs,
      busyMs: this.#busyMs + (this.#stack.length > 0 ? atMs - this.#busySince : 0),
      ranMs: (lane?.ranMs ?? 0) + (lane !== null && this.#running === lane ? atMs - this.#runningSince : 0),
      hostMs: this.#clock.hostDelayMs,
      turn: turn !== null && turn.depth < MAX_DEPTH ? turn : null,
    };
  }

  #push(lane: WaitingLane | null): void {
    if (this.#stack.length === 0) this.#busySince = performance.now();
    this.#stack.push(this.#running);
    this.#become(lane);
  }

  /** The stack is empty: microtasks may follow, or the loop. */
  #rest(): void {
    const atMs = performance.now();
    // What the host delayed so far, it delayed while something ran; what it delays from here on, while all waited.
    if (this.#live.size > 0) this.#readClock(atMs, false);
    this.#busyMs += atMs - this.#busySince;
    this.#busySince = atMs;
  }

  #become(lane: WaitingLane | null): void {
    const last = this.#running;
    if (last === lane) return;
    const atMs = performance.now();
    if (last !== null) {
      last.ranMs += atMs - this.#runningSince;
      this.#running = null;
      if (!last.replied && last.stops.length < MAX_STOPS) last.stops.push(this.#mark(last));
    }
    this.#running = lane;
    this.#runningSince = atMs;
    if (lane !== null) this.#turn?.lanes.add(lane);
  }

  #currentLane(): WaitingLane | null {
    const call = currentCall();
    return call === null ? null : laneOf(call);
  }

  #readClock(atMs: number, now: boolean): void {
    if (this.#clock.kind !== 'schedstat' || (!now && atMs - this.#clockReadAt < CLOCK_INTERVAL_MS)) return;
    this.#clockReadAt = atMs;
    this.#clock.read();
  }
}

function laneOf(call: Call): WaitingLane | null {
  const { note } = call;
  return note instanceof WaitingLane && !note.replied ? note : null;
}

function stillRunning(lane: WaitingLane | null): WaitingLane | null {
  return lane?.replied === true ? null : lane;
}

/** The type of a resource that was there before the instrument: its class is named for it, more or less. */
function typeOf(resource: object): string | null {
  const { type } = resource as { readonly type?: unknown };
  if (typeof type === 'string') return type;
  return TYPES[resource.constructor?.name ?? ''] ?? null;
}

const TYPES: Readonly<Record<string, string>> = {
  TCP: 'TCPWRAP',
  TLSWrap: 'TLSWRAP',
  Pipe: 'PIPEWRAP',
  TTY: 'TTYWRAP',
  UDP: 'UDPWRAP',
  Process: 'PROCESSWRAP',
  Timeout: 'Timeout',
  Immediate: 'Immediate',
  MessagePort: 'MESSAGEPORT',
  Worker: 'WORKER',
  FSReqCallback: 'FSREQCALLBACK',
  HTTPParser: 'HTTPINCOMINGMESSAGE',
  Http2Session: 'HTTP2SESSION',
  Http2Stream: 'HTTP2STREAM',
  FSEvent: 'FSEVENTWRAP',
};
