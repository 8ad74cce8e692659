import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import { isAgentWork } from './agent-work.ts';
import { silently } from './silently.ts';

/** What is told about requests that the server makes of others. A `key` stands for one request. */
export interface OutgoingListener {
  /** In the context of whoever made it. */
  made(key: object): void;
  /** A connection is being made for the request of whoever runs. */
  connecting(): void;
  /** It got its connection and was sent, perhaps in somebody else's context. */
  sent(key: object, kind: string): void;
  answered(key: object): void;
  /** Bytes were written to a socket that is no client's of the server. */
  wroteTo(socketAsyncId: number): void;
}

type Hear = (message: unknown) => void;
interface UndiciMessage {
  readonly request: object;
  readonly socket: object;
}
interface HttpMessage {
  readonly request: ClientRequest;
  readonly response: IncomingMessage;
}
interface SocketHandle {
  getAsyncId?(): number;
}
type AnySocket = Socket & {
  readonly server?: unknown;
  readonly _isStdio?: boolean;
  readonly _httpMessage?: unknown;
  readonly _handle?: SocketHandle | null;
};

/** Listens to node:http, fetch and sockets; the returned function ends it. */
export function listenToOutgoing(listener: OutgoingListener): () => void {
  /** Sockets of undici, whose requests are told one by one. */
  const spokenFor = new WeakSet<object>();
  const stopSockets = listenToSocketWrites(listener, spokenFor);
  const channels: readonly (readonly [string, Hear])[] = [
    ['undici:request:create', (message) => listener.made((message as UndiciMessage).request)],
    ['undici:client:beforeConnect', () => listener.connecting()],
    [
      'undici:client:sendHeaders',
      (message) => {
        const { request, socket } = message as UndiciMessage;
        spokenFor.add(socket);
        listener.sent(request, 'fetch');
      },
    ],
    ['undici:request:trailers', (message) => listener.answered((message as UndiciMessage).request)],
    ['undici:request:error', (message) => listener.answered((message as UndiciMessage).request)],
    [
      'http.client.response.finish',
      (message) => {
        const { request, response } = message as HttpMessage;
        const answered = (): void => silently(() => listener.answered(request));
        // Before node:http's own listener, which hands the socket to the next request in the queue.
        response.prependOnceListener('end', answered);
        response.once('close', answered);
      },
    ],
    ['http.client.request.error', (message) => listener.answered((message as HttpMessage).request)],
  ];
  const subscribed = channels.map(([name, hear]) => {
    const guarded: Hear = (message) => silently(() => hear(message));
    subscribe(name, guarded);
    return () => unsubscribe(name, guarded);
  });
  return () => {
    stopSockets();
    for (const stop of subscribed) stop();
  };
}

function listenToSocketWrites(listener: OutgoingListener, spokenFor: WeakSet<object>): () => void {
  const net = process.getBuiltinModule('node:net');
  const prototype = net.Socket.prototype as unknown as {
    write: (this: AnySocket, ...args: unknown[]) => boolean;
  };
  const owned = Object.hasOwn(prototype, 'write');
  const { write } = prototype;
  const patched = function (this: AnySocket, ...args: unknown[]): boolean {
    silently(() => {
      // Accepted connections and stdio carry the server's own replies.
      if (isAgentWork() || this.server != null || this._isStdio === true) return;
      // Requests of node:http and fetch are told as such.
      if (this._httpMessage != null || spokenFor.has(this)) return;
      const asyncId = this._handle?.getAsyncId?.();
      if (asyncId !== undefined) listener.wroteTo(asyncId);
    });
    return write.apply(this, args);
  };
  prototype.write = patched;
  return () => {
    if (prototype.write !== patched) return;
    if (owned) prototype.write = write;
    else delete (prototype as { write?: unknown }).write;
  };
}
