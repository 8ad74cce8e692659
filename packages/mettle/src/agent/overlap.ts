import { createHook, executionAsyncId, executionAsyncResource } from 'node:async_hooks';
import type { OverlapRecord } from '../evidence/index.ts';
import { isAgentWork } from './agent-work.ts';
import { currentCall, observeCalls, stopObservingCalls } from './calls.ts';
import type { Call, CallObserver } from './calls.ts';
import { Lane } from './lanes.ts';
import type { Gap, Moment, Operation } from './lanes.ts';
import { end, Operations } from './operations.ts';
import { listenToOutgoing } from './outgoing.ts';
import { summarise } from './overlap-summary.ts';
import type { OverlapOptions } from './protocol.ts';
import { silently } from './silently.ts';
import { captureSites } from './stack.ts';
import { isMacrotask } from './switches.ts';

/** Awaits whose place is noted in one observation: 20 µs each. */
const MAX_AWAITS = 50_000;
const MAX_GAPS = 20_000;

/** What calls of one subject have outstanding, and what they wait for when they have nothing. */
export class Overlap implements CallObserver {
  readonly #options: OverlapOptions;
  readonly #lanes: Lane[] = [];
  readonly #operations = new Operations();
  readonly #gaps: Gap[] = [];
  readonly #awaiting = new Map<number, Lane>();
  readonly #outgoing = new Map<object, { readonly lane: Lane | null; operation: Operation | null }>();
  /** Turn in which each socket was last read. */
  readonly #socketReads = new Map<number, number>();
  readonly #sockets = new Set<number>();
  #awaits = 0;
  #step = 0;
  #turn = 0;
  #running: Lane | null = null;
  readonly #stack: (Lane | null)[] = [];
  readonly #stopListening: (() => void)[];

  constructor(options: OverlapOptions) {
    this.#options = options;
    observeCalls(this);
    const stopOutgoing = listenToOutgoing({
      made: (key) => void this.#outgoing.set(key, { lane: this.#currentLane(), operation: null }),
      connecting: () => this.#connecting(),
      sent: (key, kind) => this.#sent(key, kind),
      answered: (key) => this.#answered(key),
      wroteTo: (socketAsyncId) => this.#wroteTo(socketAsyncId),
    });
    const hook = createHook({
      init: (asyncId, type, triggerAsyncId, resource) =>
        silently(() => this.#init(asyncId, type, triggerAsyncId, resource)),
      before: (asyncId) => silently(() => this.#before(asyncId)),
      after: () => silently(() => this.left()),
    }).enable();
    const unwound = (): void => {
      this.#stack.length = 0;
      this.#become(null);
    };
    process.on('uncaughtExceptionMonitor', unwound);
    this.#stopListening = [
      () => hook.disable(),
      stopOutgoing,
      stopObservingCalls,
      () => process.off('uncaughtExceptionMonitor', unwound),
    ];
  }

  begun(): void {}

  named(call: Call): void {
    if (call.subject !== this.#options.subject) return;
    const lane = new Lane(call);
    call.note = lane;
    this.#lanes.push(lane);
  }

  entered(call: Call): void {
    this.#stack.push(this.#running);
    this.#become(laneOf(call));
  }

  left(): void {
    this.#become(this.#stack.pop() ?? null);
  }

  becameCurrent(call: Call): void {
    this.#become(laneOf(call));
  }

  replied(call: Call): void {
    const lane = laneOf(call);
    if (lane === null || lane.replied !== null) return;
    lane.replied = this.#now();
    for (const asyncId of lane.awaits.keys()) this.#awaiting.delete(asyncId);
    lane.awaits.clear();
  }

  stop(): OverlapRecord {
    for (const stop of this.#stopListening) stop();
    return summarise(this.#options, this.#lanes, this.#operations.all, this.#gaps);
  }

  readonly #now = (): Moment => ({ step: ++this.#step, turn: this.#turn, atMs: performance.now() });

  #currentLane(): Lane | null {
    const call = currentCall();
    return call === null ? null : laneOf(call);
  }

  #init(asyncId: number, type: string, triggerAsyncId: number, resource: object): void {
    if (isAgentWork()) return;
    const lane = this.#currentLane();
    if (type === 'PROMISE') {
      // Awaits and .then are chained on another promise; they are what a call can wait at.
      if (lane === null || triggerAsyncId === executionAsyncId() || this.#awaits >= MAX_AWAITS) return;
      this.#awaits++;
      lane.awaits.set(asyncId, captureSites(this.#init));
      this.#awaiting.set(asyncId, lane);
    } else if (type === 'HTTPCLIENTREQUEST') {
      // Made and sent at once: by then the request has its socket.
      const { req } = resource as { req?: object };
      if (req === undefined) return;
      this.#outgoing.set(req, { lane, operation: null });
      this.#sent(req, type);
    } else {
      this.#operations.resourceBegan(asyncId, type, resource, lane, this.#now);
    }
  }

  #before(asyncId: number): void {
    if (this.#stack.length === 0 && isMacrotask(executionAsyncResource())) this.#turn++;
    this.#operations.resourceCalledBack(asyncId, this.#now);
    if (this.#sockets.has(asyncId)) this.#socketReads.set(asyncId, this.#turn);
    const awaiting = this.#awaiting.get(asyncId);
    if (awaiting !== undefined) this.#resumed(awaiting, asyncId);
    this.#stack.push(this.#running);
    this.#become(this.#currentLane());
  }

  /** What `lane` awaited under `asyncId` has come: a gap ends if it stood still for it. */
  #resumed(lane: Lane, asyncId: number): void {
    const sites = lane.awaits.get(asyncId);
    this.#awaiting.delete(asyncId);
    lane.awaits.delete(asyncId);
    const from = lane.quietSince;
    if (from === null || sites === undefined || from.turn === this.#turn) return;
    for (const [socket, operation] of lane.onSockets) {
      if (this.#socketReads.get(socket) !== this.#turn) continue;
      end(operation, this.#now());
      lane.onSockets.delete(socket);
    }
    if (this.#gaps.length < MAX_GAPS) this.#gaps.push({ lane, from, to: this.#now(), sites });
  }

  #become(lane: Lane | null): void {
    const last = this.#running;
    if (last === lane) return;
    if (last !== null) last.quietSince = last.call.received ? this.#now() : null;
    if (lane !== null) lane.quietSince = null;
    this.#running = lane;
  }

  #sent(key: object, kind: string): void {
    const request = this.#outgoing.get(key);
    if (request === undefined) return;
    request.operation ??= this.#operations.begin(kind, request.lane, this.#now());
    if (request.lane?.connecting) end(request.lane.connecting, this.#now());
  }

  #connecting(): void {
    const lane = this.#currentLane();
    if (lane === null) return;
    lane.connecting = this.#operations.begin('connection', lane, this.#now());
    // Its steps (look-up, connect) count by themselves.
    if (lane.connecting !== null) lane.connecting.counts = false;
  }

  #answered(key: object): void {
    const request = this.#outgoing.get(key);
    this.#outgoing.delete(key);
    if (request?.operation) end(request.operation, this.#now());
  }

  #wroteTo(socketAsyncId: number): void {
    const lane = this.#currentLane();
    if (lane === null || lane.replied !== null || lane.onSockets.has(socketAsyncId)) return;
    const operation = this.#operations.begin('socket', lane, this.#now());
    if (operation === null) return;
    this.#sockets.add(socketAsyncId);
    lane.onSockets.set(socketAsyncId, operation);
  }
}

function laneOf(call: Call): Lane | null {
  const { note } = call;
  return note instanceof Lane && note.replied === null ? note : null;
}
