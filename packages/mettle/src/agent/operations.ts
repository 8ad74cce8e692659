import type { Lane, Moment, Operation } from './lanes.ts';
import { captureSites } from './stack.ts';

/**
 * Kinds of async resource that stand for one piece of work with an end. Left out: promises and ticks,
 * handles that live long (sockets, servers, ports), and stream writes, which are mostly the reply itself.
 */
const KINDS = new Set([
  'Timeout',
  'FSREQCALLBACK',
  'FSREQPROMISE',
  'GETADDRINFOREQWRAP',
  'GETNAMEINFOREQWRAP',
  'QUERYWRAP',
  'TCPCONNECTWRAP',
  'PIPECONNECTWRAP',
  'PROCESSWRAP',
  'WORKER',
  'ZLIB',
  'BLOBREADER',
]);
/** RANDOMBYTESREQUEST, PBKDF2REQUEST, SCRYPTREQUEST …: work on the thread pool, outstanding from when it is queued. */
const JOB = /^[A-Z0-9]+REQUEST$/;
/** An HTTP request of ours is over when its answer has been read, not when its head arrives: see outgoing.ts. */
const HTTP_REQUEST = 'HTTPCLIENTREQUEST';
/** Not work, but a reason not to run: a call that yields waits for nobody. */
const YIELD = 'Immediate';

/** Timers beyond this count only in calls that have nothing else: SDKs guard requests with 60 s. */
const LONG_TIMER_MS = 10_000;
/** Operations kept of one batch. */
const MAX_OPERATIONS = 20_000;

interface TimerLike {
  readonly _idleTimeout?: number;
  hasRef?(): boolean;
}

/** Every operation of one observation. */
export class Operations {
  readonly all: Operation[] = [];
  readonly #outstanding = new Map<number, { readonly operation: Operation; readonly resource: object }>();

  /** An async resource came into being. */
  resourceBegan(asyncId: number, type: string, resource: object, lane: Lane | null, now: () => Moment): void {
    const isJob = JOB.test(type) && type !== HTTP_REQUEST;
    if (!isJob && !KINDS.has(type) && type !== YIELD) return;
    const operation = this.begin(type, lane, now());
    if (operation === null) return;
    operation.counts = type !== YIELD;
    this.#outstanding.set(asyncId, { operation, resource });
  }

  /** Its callback is about to run, for the first time: it is complete. */
  resourceCalledBack(asyncId: number, now: () => Moment): void {
    const entry = this.#outstanding.get(asyncId);
    if (entry === undefined) return;
    this.#outstanding.delete(asyncId);
    const { operation } = entry;
    const timer = entry.resource as TimerLike;
    if (operation.kind === 'Timeout') {
      if (timer.hasRef?.() === false) operation.counts = false;
      operation.long = (timer._idleTimeout ?? 0) > LONG_TIMER_MS;
    }
    end(operation, now());
  }

  /** Null when there are too many. */
  begin(kind: string, lane: Lane | null, began: Moment): Operation | null {
    if (this.all.length >= MAX_OPERATIONS) return null;
    const operation: Operation = {
      kind,
      lane,
      began,
      ended: null,
      counts: true,
      long: false,
      sites: captureSites(Operations.prototype.begin),
    };
    this.all.push(operation);
    return operation;
  }
}

/** The operation is complete, if it was not. */
export function end(operation: Operation, at: Moment): void {
  operation.ended ??= at;
}
