import { AsyncResource } from 'node:async_hooks';
import { subscribe } from 'node:diagnostics_channel';
import type { Socket } from 'node:net';
import type { Frame } from '../../evidence/index.ts';
import { isAgentWork } from '../agent-work.ts';
import { silently } from '../silently.ts';
import { came, partyOf } from './arrivals.ts';
import type { Party } from './arrivals.ts';
import { byteLength } from './file-operations.ts';
import { held, hold, holding } from './held-steps.ts';
import { bypassing, currentLane, inLane } from './lane.ts';
import { awaitFrom, carries, carriesNoMore } from './quiescence.ts';
import { ReplyMeter } from './reply-meter.ts';
import { callSite } from './sites.ts';
import { socketClosed, socketOpened } from './socket-counts.ts';
import { wrap } from './wrapping.ts';

/*
 * Connections that the target makes: what it writes and what it is sent are steps, in order per socket and direction.
 */

/** What is known of a connection, or of all streams of a child process. */
interface Line {
  readonly party: Party;
  readonly resource: string | null;
  readonly reply: ReplyMeter;
  /** Of a connection. */
  readonly socket: Socket | null;
  /** Where it was asked for; null when that is not known, or for a child process. */
  readonly site: Frame | null;
}
/** One socket of it. */
interface Wire {
  readonly line: Line;
  /** Order among the sockets of the line. */
  readonly rank: number;
  /** Queues of what is written and of what is read. */
  readonly outgoing: object;
  readonly incoming: object;
  readonly ended: () => void;
  /** Pieces that came since nothing last moved: they are delivered as one, however they were cut. */
  pieces: Buffer[];
  /** Deliveries that are held, and the end of the stream that is to follow them. */
  held: number;
  end: (() => void) | null;
}

const wires = new WeakMap<object, Wire>();
/** Those that something was written to that was not answered. */
const waiting = new Set<Line>();

/** Where each lane last called `fetch`, which connects and writes later, with none of the server's code on the stack. */
const fetchSites = new WeakMap<object, Frame>();

/** Wraps the sockets of node:net, which those of TLS and HTTP are too. */
export function controlSockets(): void {
  const { Socket } = process.getBuiltinModule('node:net');
  const { prototype } = Socket;
  wrap(
    prototype,
    'connect',
    (original) =>
      function connect(...args) {
        if (isAgentWork()) return original.apply(this, args);
        silently(() => watch(this as Socket, args));
        // Names are looked up as part of connecting.
        return bypassing(() => original.apply(this, args));
      },
  );
  wrap(
    globalThis,
    'fetch',
    (original) =>
      function fetch(...args) {
        const lane = currentLane();
        const site = lane.index >= 0 ? callSite() : null;
        if (site !== null) fetchSites.set(lane, site);
        return original.apply(this, args);
      },
  );
  wrap(prototype, '_writeGeneric', (original) => holdWrite(original));
  wrap(prototype, 'push', (original) => holdData(original as Push));
  awaitFrom({
    name: 'a reply over the network',
    patienceMs: 2_000,
    awaited: () => [...waiting].filter((line) => !isInOwnHands(line)).length,
    giveUp() {
      for (const { reply } of waiting) reply.neverMind();
      waiting.clear();
    },
  });
  subscribe('net.server.socket', (message) => {
    const { socket } = message as { socket: Socket };
    const port = socket.remotePort;
    carries(socket);
    if (port !== undefined) accepted.set(port, socket);
    socket.once('close', () => {
      carriesNoMore(socket);
      if (port !== undefined && accepted.get(port) === socket) accepted.delete(port);
    });
  });
}

/** Connections that servers in this process accepted, by the port at their other end. */
const accepted = new Map<number, Socket>();

/**
 * Whether a reply is to come from a server in this very process, which has all that was sent and has sent nothing that
 * did not arrive: it waits for what happens here, most often for a timer, which waits for it in turn.
 */
function isInOwnHands({ socket }: Line): boolean {
  const other = socket?.localPort === undefined ? undefined : accepted.get(socket.localPort);
  if (socket === null || other === undefined) return false;
  return other.bytesRead >= dispatched(socket) && socket.bytesRead >= dispatched(other);
}

/** What was handed to the kernel; `bytesWritten` counts what still waits to be, too. */
function dispatched(socket: Socket): number {
  return (socket as Socket & { readonly _bytesDispatched?: number })._bytesDispatched ?? socket.bytesWritten;
}

function watch(socket: Socket, args: readonly unknown[]): void {
  socketOpened();
  const lane = currentLane();
  const line = lineTo(partyOf(lane), addressOf(args), socket, callSite() ?? fetchSites.get(lane) ?? null);
  wires.set(
    socket,
    wireOf(line, 0, () => {}),
  );
  socket.once('close', () => {
    socketClosed();
    waiting.delete(line);
  });
}

function lineTo(party: Party, resource: string | null, socket: Socket | null, site: Frame | null): Line {
  return { party, resource, reply: new ReplyMeter(), socket, site };
}

function wireOf(line: Line, rank: number, ended: () => void): Wire {
  return { line, rank, outgoing: {}, incoming: {}, ended, pieces: [], held: 0, end: null };
}

/** The streams of a child process: what is written to its stdin is answered on its stdout. */
export function watchStreams(
  streams: readonly object[],
  party: Party,
  resource: string,
  ended: () => void,
): void {
  const line = lineTo(party, resource, null, null);
  for (const [rank, stream] of streams.entries()) wires.set(stream, wireOf(line, rank, ended));
}

function addressOf(args: readonly unknown[]): string | null {
  // Node normalises the arguments of net.connect before they come here.
  const [first] = Array.isArray(args[0]) ? (args[0] as readonly unknown[]) : args;
  if (typeof first !== 'object' || first === null) return typeof first === 'string' ? first : null;
  const { path, host, port } = first as { path?: unknown; host?: unknown; port?: string | number };
  if (typeof path === 'string') return path;
  return port === undefined ? null : `${typeof host === 'string' ? host : 'localhost'}:${String(port)}`;
}

type Write = (this: unknown, writev: boolean, data: unknown, encoding: unknown, done: unknown) => unknown;

function holdWrite(original: Write): (this: unknown, ...args: unknown[]) => unknown {
  return function writeGeneric(this: unknown, ...args: unknown[]) {
    const [writev, data, encoding, done] = args as Parameters<Write>;
    const socket = this as Socket;
    const wire = wires.get(socket);
    // While it is connecting, Node comes here again when it has connected.
    if (wire === undefined || !holding() || socket.connecting)
      return original.call(this, writev, data, encoding, done);
    const { line } = wire;
    const lane = currentLane();
    if (lane.index >= 0) line.party.lane = lane;
    const context = new AsyncResource('METTLE_HELD');
    const words = {
      kind: 'socket.write',
      resource: line.resource,
      writes: true,
      detail: sizeOf(data),
      // What waited for the connection, or comes from fetch, is written with none of the server's code on the stack.
      site: callSite() ?? fetchSites.get(line.party.lane) ?? line.site,
    };
    hold(words, { phase: 'effect', lane: line.party.lane, queue: wire.outgoing }, () => {
      if (line.reply.written()) waiting.add(line);
      context.runInAsyncScope(() => original.call(this, writev, data, encoding, done));
    });
    return undefined;
  };
}

type Push = (this: unknown, chunk: unknown, encoding?: unknown) => boolean;

function holdData(original: Push): (this: unknown, ...args: unknown[]) => unknown {
  return function heldPush(this: unknown, ...args: unknown[]) {
    const [chunk, encoding] = args;
    const wire = wires.get(this as object);
    if (wire === undefined) return original.call(this, chunk, encoding);
    const { line } = wire;
    const isEnd = chunk === null;
    const wasAwaited = waiting.has(line);
    if (isEnd ? line.reply.ended() : line.reply.received(chunk)) waiting.delete(line);
    if (isEnd) wire.ended();
    if (!held.on && held.delayMs === null) return original.call(this, chunk, encoding);
    const push = (whole: unknown): boolean => original.call(this, whole, encoding);
    if (!isEnd) {
      if (wire.pieces.push(asBuffer(chunk)) === 1) comeIn(wire, 'socket.data', () => takePieces(wire), push);
      return true;
    }
    // An end that nobody waits for comes when it comes, but never before what was sent before it.
    if (wasAwaited) comeIn(wire, 'socket.end', () => null, push);
    else if (wire.held > 0) wire.end = () => void push(null);
    else return push(null);
    return true;
  };
}

const asBuffer = (chunk: unknown): Buffer => (Buffer.isBuffer(chunk) ? chunk : Buffer.from(String(chunk)));

function takePieces(wire: Wire): Buffer {
  const [first = Buffer.alloc(0)] = wire.pieces;
  const whole = wire.pieces.length === 1 ? first : Buffer.concat(wire.pieces);
  wire.pieces = [];
  return whole;
}

/** Something came over a wire: it is delivered, in the lane that waits for it, when the schedule says so. */
function comeIn(
  wire: Wire,
  kind: string,
  take: () => Buffer | null,
  push: (whole: unknown) => boolean,
): void {
  const { party, resource } = wire.line;
  const context = new AsyncResource('METTLE_HELD');
  wire.held++;
  const admit = (): void => {
    const whole = take();
    const { lane } = party;
    const words = { kind, resource, writes: false, detail: sizeOf(whole) };
    hold(words, { phase: 'delivery', lane, queue: wire.incoming }, () => {
      wire.held--;
      const deliver = (): void => {
        push(whole);
        if (wire.held > 0 || wire.end === null) return;
        wire.end();
        wire.end = null;
      };
      context.runInAsyncScope(() => (lane.index < 0 ? deliver() : inLane(lane, deliver)));
    });
  };
  if (held.on) came(party, wire.rank, admit);
  else admit();
}

function sizeOf(data: unknown): string {
  const length = byteLength(data);
  return length === null ? '' : `${String(length)} B`;
}
