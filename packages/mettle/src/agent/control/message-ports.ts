import { AsyncResource } from 'node:async_hooks';
import type { Worker } from 'node:worker_threads';
import { silently } from '../silently.ts';
import { came } from './arrivals.ts';
import type { Party } from './arrivals.ts';
import { held, hold } from './held-steps.ts';
import { backgroundLane, currentLane, inLane, presentLane } from './lane.ts';
import type { Lane } from './lane.ts';
import { native } from './natives.ts';
import { escaped } from './quiescence.ts';
import { answered, asked, lineEnded, openLine } from './thread-lines.ts';
import type { OtherThread, ThreadLine } from './thread-lines.ts';
import { wrap } from './wrapping.ts';
import type { AnyFunction } from './wrapping.ts';

/*
 * Ports of the target's channels: what comes over them is held, in order for each, whether the other end is in another
 * thread, as those of worker pools are, or in this one. Ports that Node or whoever runs the target made for themselves are
 * left alone.
 */

/** By these names Node finds, in every realm, what an event of a port goes through, and the ports that came with it. */
const DISPATCH = Symbol.for('nodejs.internal.kHybridDispatch');
const CAME_WITH = Symbol.for('nodejs.internal.kCurrentlyReceivingPorts');

/** A message to this thread that was sent in it. */
interface Sent {
  readonly lane: Lane;
  /** Ports that went with it. */
  readonly moved: readonly (End | undefined)[];
}

/** One end of a channel, held by this thread or sent to another one. */
export interface End {
  readonly line: ThreadLine;
  /** The other one; null for what has many, or what another thread made. */
  twin: End | null;
  isHere: boolean;
  isClosed: boolean;
  /** What is on its way here, where the other end is in this thread. */
  readonly onTheirWay: Sent[];
  /** Deliveries that are held, and the closing that is to follow them. */
  held: number;
  close: (() => void) | null;
  /** Messages that came when nobody listened any more: Node keeps such, and so do we. */
  kept: { readonly data: unknown; readonly admit: () => void }[];
}

const ends = new WeakMap<object, End>();
/** Threads behind Node's own ports to them, and the ends that went over such before the thread was known. */
const threads = new WeakMap<object, OtherThread>();
const carried = new WeakMap<object, End[]>();
/** What nobody takes must not fill the memory. */
const MOST_ON_THEIR_WAY = 10_000;

/** Wraps them. */
export function controlMessagePorts(): void {
  const module = process.getBuiltinModule('node:worker_threads');
  const { prototype } = module.MessagePort;
  const { MessageChannel } = module;
  const Channel = new Proxy(MessageChannel, {
    construct(target, args: unknown[], newTarget) {
      const made = Reflect.construct(
        target,
        args,
        newTarget === Channel ? target : newTarget,
      ) as InstanceType<typeof MessageChannel>;
      silently(() => {
        const [one, other] = [endAt(made.port1), endAt(made.port2)];
        one.twin = other;
        other.twin = one;
      });
      return made;
    },
  });
  Object.assign(module, { MessageChannel: Channel });
  if (globalThis.MessageChannel === (MessageChannel as unknown))
    Object.assign(globalThis, { MessageChannel: Channel });
  wrap(prototype, 'postMessage', (original) => notePost(original));
  wrap(prototype, 'close', (original) => noteClose(original));
  wrap(prototype, DISPATCH, (original) => holdDispatch(original));
  wrap(prototype, 'addEventListener', (original) => noteListener(original));
  wrap(module, 'receiveMessageOnPort', (original) => takeSynchronously(original));
}

/** Knows a port from now on. */
export function endAt(port: object, thread: OtherThread | null = null): End {
  const known = ends.get(port);
  if (known !== undefined) return known;
  const end = newEnd(openLine(() => listenersOf(port) > 0, thread));
  ends.set(port, end);
  return end;
}

function newEnd(line: ThreadLine): End {
  return { line, twin: null, isHere: true, isClosed: false, onTheirWay: [], held: 0, close: null, kept: [] };
}

/** A worker was made: these of its properties are Node's ports to it. */
export function portsOf(worker: Worker): void {
  const { MessagePort } = process.getBuiltinModule('node:worker_threads');
  for (const key of Object.getOwnPropertySymbols(worker)) {
    const port = (worker as unknown as Record<symbol, unknown>)[key];
    if (!(port instanceof MessagePort)) continue;
    threads.set(port, worker);
    for (const end of carried.get(port) ?? []) end.line.thread = worker;
    carried.delete(port);
  }
}

function listenersOf(port: object): number {
  return (port as { listenerCount(name: string): number }).listenerCount('message');
}

function notePost(original: AnyFunction): AnyFunction {
  return function postMessage(this: unknown, ...args: unknown[]) {
    const result = original.apply(this, args);
    silently(() => posted(this as object, args[0], transferred(args[1])));
    return result;
  };
}

function transferred(second: unknown): readonly (End | undefined)[] {
  const list = Array.isArray(second) ? second : (second as { transfer?: unknown } | undefined)?.transfer;
  if (!Array.isArray(list)) return [];
  const { MessagePort } = process.getBuiltinModule('node:worker_threads');
  return list.filter((each) => each instanceof MessagePort).map((port: object) => ends.get(port));
}

function posted(port: object, message: unknown, moved: readonly (End | undefined)[]): void {
  const end = ends.get(port);
  if (end?.twin?.isHere === true) {
    sentHere(end.twin, moved);
    return;
  }
  const thread = end?.line.thread ?? threads.get(port) ?? null;
  for (const other of moved) {
    if (other === undefined) continue;
    other.isHere = false;
    if (other.twin === null) continue;
    other.twin.line.thread = thread;
    if (thread === null) carried.set(port, [...(carried.get(port) ?? []), other.twin]);
  }
  if (end !== undefined && end.twin !== null) asked(end.line, message);
}

/** What this thread sends comes to this end of its own. */
export function sentHere({ onTheirWay }: End, moved: readonly (End | undefined)[] = []): void {
  if (onTheirWay.length >= MOST_ON_THEIR_WAY) onTheirWay.shift();
  onTheirWay.push({ lane: currentLane(), moved });
}

function noteClose(original: AnyFunction): AnyFunction {
  return function close(this: unknown, ...args: unknown[]) {
    silently(() => {
      const end = ends.get(this as object);
      if (end === undefined) return;
      end.isClosed = true;
      lineEnded(end.line);
    });
    return original.apply(this, args);
  };
}

function holdDispatch(original: AnyFunction): AnyFunction {
  return function dispatch(this: unknown, ...args: unknown[]) {
    const [data, type, event] = args;
    const port = this as object;
    const ports = (port as Record<symbol, unknown>)[CAME_WITH];
    const end = ends.get(port);
    if (end === undefined) {
      const thread = threads.get(port);
      if (thread !== undefined) silently(() => adopt(ports, [], thread));
      return original.apply(this, args);
    }
    if (event === undefined && (type === 'message' || type === 'messageerror')) {
      const again = (): void => {
        (port as Record<symbol, unknown>)[CAME_WITH] = ports;
        original.call(port, data, type, undefined);
      };
      return arrived(end, { port, data, ports, again });
    }
    if (type === 'close') {
      lineEnded(end.line);
      // What was sent before it is delivered before it.
      if (end.held > 0) {
        end.close = () => void original.apply(this, args);
        return true;
      }
    }
    return original.apply(this, args);
  };
}

interface Message {
  readonly port: object;
  readonly data: unknown;
  readonly ports: unknown;
  /** Hands it to whoever listens. */
  readonly again: () => void;
}

function arrived(end: End, { port, data, ports, again }: Message): boolean {
  const { party, isFromThread } = whoWaits(end, data, ports);
  if (!held.on && held.delayMs === null) {
    again();
    return true;
  }
  const context = new AsyncResource('METTLE_HELD');
  const admit = (): void => {
    const lane = presentLane(party.lane);
    const words = { kind: 'port.message', resource: null, writes: false };
    end.held++;
    const options = { phase: 'delivery', lane, queue: end.line.queue, fromThread: isFromThread } as const;
    hold(words, options, () => {
      end.held--;
      const deliver = (): void => {
        if (end.isClosed) return;
        if (listenersOf(port) === 0) end.kept.push({ data, admit });
        else again();
      };
      context.runInAsyncScope(() => (lane.index < 0 ? deliver() : inLane(lane, deliver)));
      if (end.held > 0 || end.close === null) return;
      end.close();
      end.close = null;
    });
  };
  if (held.on) came(party, 0, admit);
  else admit();
  return true;
}

/** Who waits for a message that is taken from the port now. */
function whoWaits(
  end: End,
  data: unknown,
  ports: unknown,
): { readonly party: Party; readonly isFromThread: boolean } {
  const sent = end.onTheirWay.shift();
  if (sent !== undefined || end.twin?.isHere === true) {
    adopt(ports, sent?.moved ?? [], null);
    const { serial } = end.line.party;
    return { party: { lane: sent?.lane ?? backgroundLane(), serial }, isFromThread: false };
  }
  adopt(ports, [], end.line.thread);
  return { party: answered(end.line, data), isFromThread: true };
}

/** Ports that came with a message: those that were sent from here are what they were, the others lead to other threads. */
function adopt(ports: unknown, moved: readonly (End | undefined)[], thread: OtherThread | null): void {
  if (!Array.isArray(ports)) return;
  for (const [index, port] of ports.entries()) {
    const end = moved[index];
    if (end !== undefined) ends.set(port as object, end);
    else endAt(port as object, thread).twin ??= { ...newEnd(openLine(() => false, null)), isHere: false };
  }
}

/** Whoever begins to listen is given what came before. */
function noteListener(original: AnyFunction): AnyFunction {
  return function addEventListener(this: unknown, ...args: unknown[]) {
    const result = original.apply(this, args);
    silently(() => {
      const end = args[0] === 'message' ? ends.get(this as object) : undefined;
      if (end === undefined) return;
      const { kept } = end;
      end.kept = [];
      for (const { admit } of kept) {
        if (held.on) admit();
        else native.nextTick(admit);
      }
    });
    return result;
  };
}

/**
 * What is read from a port without waiting for an event. Where events are listened for, what came is held as an event, and
 * to a mere look nothing has come yet; where none are, whoever reads has made sure that there is something, or polls.
 */
function takeSynchronously(original: AnyFunction): AnyFunction {
  return function receiveMessageOnPort(this: unknown, ...args: unknown[]) {
    const end = typeof args[0] === 'object' && args[0] !== null ? ends.get(args[0]) : undefined;
    if (end === undefined) return original.apply(this, args);
    const kept = end.kept.shift();
    if (kept !== undefined) return { message: kept.data };
    if (held.on && end.line.listens()) return undefined;
    const received = original.apply(this, args) as { readonly message: unknown } | undefined;
    silently(() => {
      if (received !== undefined) whoWaits(end, received.message, undefined);
      else if (held.on && end.line.asks.length > 0) escaped('answers of a worker thread that are polled for');
    });
    return received;
  };
}
