import { subscribe } from 'node:diagnostics_channel';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import { beginCall, currentCall, isObserved, nameCall, observing, replied, runInCall } from './calls.ts';
import type { Call } from './calls.ts';
import { HEAD_LENGTH, readMessageHead, subjectOf } from './message-head.ts';
import type { Serving } from './serving.ts';
import { silently } from './silently.ts';

type Emit = (this: unknown, event: string | symbol, ...args: unknown[]) => boolean;
interface RequestStart {
  readonly server?: Server;
}

/** Sees MCP messages posted to any HTTP server of the process, without loading node:http itself. */
export function hookHttp(serving: Serving): void {
  const seen = new WeakSet<Server>();
  // Published just before the server emits 'request', so the first request is seen too.
  subscribe('http.server.request.start', (message) => {
    const { server } = message as RequestStart;
    if (server === undefined || seen.has(server)) return;
    seen.add(server);
    silently(() => patchServer(server, serving));
  });
}

function patchServer(server: Server, serving: Serving): void {
  const emit = server.emit as Emit;
  server.emit = function (this: Server, ...args: Parameters<Emit>): boolean {
    if (args[0] !== 'request' || (serving.known && !observing()) || !serving.attached)
      return emit.apply(this, args);
    const request = args[1] as IncomingMessage;
    const response = args[2] as ServerResponse;
    if (request.method !== 'POST') return emit.apply(this, args);
    if (!serving.known) silently(() => detect(request, serving));
    if (!observing()) return emit.apply(this, args);
    const call = beginCall(null, { received: false });
    silently(() => {
      readBody(
        request,
        (head) => nameFromHead(call, head),
        () => {
          call.received = true;
        },
      );
      stayInCall(request, call);
      stayInCall(response, call);
    });
    return runInCall(call, () => emit.apply(this, args));
  };
}

function detect(request: IncomingMessage, serving: Serving): void {
  readBody(request, (head) => {
    if (!head.includes('"jsonrpc"')) return false;
    serving.sawMessage('http');
    return true;
  });
}

function nameFromHead(call: Call, head: string): boolean {
  const { kind, method, name } = readMessageHead(head);
  if (kind === 'batch') call.batch = true;
  if (kind === 'batch' || kind === 'reply') return true;
  if (method === null || (method === 'tools/call' && name === null)) return false;
  const subject = subjectOf(method, name);
  if (subject !== null) nameCall(call, subject);
  return true;
}

/** Shows the beginning of the body to `look` as it arrives, until that says that it has seen enough. */
function readBody(
  request: IncomingMessage,
  look: (head: string) => boolean,
  ended: () => void = () => {},
): void {
  const push = request.push;
  let head: string | null = '';
  request.push = function (this: IncomingMessage, ...args: Parameters<IncomingMessage['push']>): boolean {
    const chunk: unknown = args[0];
    if (chunk === null) ended();
    if (head !== null && Buffer.isBuffer(chunk)) {
      silently(() => {
        head += chunk.toString('utf8', 0, HEAD_LENGTH);
        if (look(head ?? '') || (head ?? '').length >= HEAD_LENGTH) head = null;
      });
    }
    return push.apply(this, args);
  };
}

/** Events of a request or response fire in the socket's context; their listeners belong to the call. */
function stayInCall(emitter: IncomingMessage | ServerResponse, call: Call): void {
  const emit = emitter.emit as Emit;
  emitter.emit = function (this: unknown, ...args: Parameters<Emit>): boolean {
    if (!isObserved(call)) return emit.apply(this, args);
    if (args[0] === 'finish') replied(call);
    if (currentCall() === call) return emit.apply(this, args);
    return runInCall(call, () => emit.apply(this, args));
  };
}
