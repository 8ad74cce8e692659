import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { LANE_HEADER } from '../control-protocol.ts';
import { silently } from '../silently.ts';
import { inLane, laneNamed } from './lane.ts';
import type { Lane } from './lane.ts';
import { readMessage } from './message-lines.ts';
import { answer, arrive, inTrial } from './trial.ts';

/*
 * Requests over HTTP: a racing one names its lane in a header, and is held when all of it has arrived.
 */

type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;

/** Sees the requests of any HTTP server of the process, without loading node:http itself. */
export function controlHttp(): void {
  const seen = new WeakSet<Server>();
  // Published just before the server emits 'request', so the first request is seen too.
  subscribe('http.server.request.start', (message) => {
    const { server } = message as { readonly server?: Server };
    if (server === undefined || seen.has(server)) return;
    seen.add(server);
    silently(() => patchServer(server));
  });
}

function patchServer(server: Server): void {
  const emit = server.emit as Emit;
  server.emit = function (this: Server, ...args: Parameters<Emit>): boolean {
    const lane = args[0] === 'request' && inTrial() ? laneOf(args[1] as IncomingMessage) : null;
    if (lane === null) return emit.apply(this, args);
    const request = args[1] as IncomingMessage;
    const response = args[2] as ServerResponse;
    try {
      stayInLane(request, lane);
      stayInLane(response, lane);
      seeAnswer(response, lane);
    } catch {
      // The server gets its request all the same.
    }
    whenReceived(request, (head) => {
      arrive(lane, readMessage(head)?.subject ?? '', () => void emit.apply(this, args));
    });
    return true;
  };
}

function laneOf(request: IncomingMessage): Lane | null {
  const name = request.headers[LANE_HEADER];
  const lane = typeof name === 'string' ? laneNamed(name) : undefined;
  return lane === undefined || lane.started ? null : lane;
}

/** Calls back once the whole body is there, or as much of it as Node reads before anybody asks. */
function whenReceived(request: IncomingMessage, then: (head: string) => void): void {
  const push = request.push;
  let head = '';
  let called = false;
  const done = (): void => {
    if (called) return;
    called = true;
    request.push = push;
    then(head);
  };
  if (request.complete) {
    done();
    return;
  }
  request.push = function (this: IncomingMessage, ...args: Parameters<IncomingMessage['push']>): boolean {
    const chunk: unknown = args[0];
    if (Buffer.isBuffer(chunk) && head.length < 65_536) head += chunk.toString('utf8');
    const result = push.apply(this, args);
    if (chunk === null || !result) done();
    return result;
  };
  request.once('close', done);
}

/** Events of a request or response fire in the socket's context; their listeners belong to the lane. */
function stayInLane(emitter: IncomingMessage | ServerResponse, lane: Lane): void {
  const emit = emitter.emit as Emit;
  emitter.emit = function (this: unknown, ...args: Parameters<Emit>): boolean {
    return inLane(lane, () => emit.apply(this, args));
  };
}

/** A call is answered when its response is handed over, whole. */
function seeAnswer(response: ServerResponse, lane: Lane): void {
  const end = response.end as (...args: unknown[]) => ServerResponse;
  response.end = function (this: ServerResponse, ...args: unknown[]): ServerResponse {
    silently(() => answer(lane));
    return end.apply(this, args);
  };
  response.once('close', () => silently(() => answer(lane)));
}
