import type { Socket } from 'node:net';
import { isAgentWork } from './agent-work.ts';
import { silently } from './silently.ts';

/** What is told about the server's sockets: those that it opened, and the stdin of its child processes. */
export interface ConversationListener {
  /** In the context of whoever writes. */
  wroteTo(socket: object, handle: object): void;
  /** A connection is being made to a local path. */
  connectsTo(socket: object, path: string): void;
}

type AnySocket = Socket & {
  readonly server?: unknown;
  readonly fd?: number;
  readonly _handle?: object | null;
};
type Method = (this: AnySocket, ...args: unknown[]) => unknown;
type Prototype = Record<string, Method>;

/** Listens to what sockets are asked; the returned function ends it. */
export function listenToConversations(listener: ConversationListener): () => void {
  const net = process.getBuiltinModule('node:net');
  const prototype = net.Socket.prototype as unknown as Prototype;
  const undo = [
    before(prototype, 'write', (socket) => wrote(listener, socket)),
    before(prototype, 'end', (socket) => wrote(listener, socket)),
    before(prototype, 'connect', (socket, [first]) => {
      const path = pathOf(first);
      if (path !== null && !isAgentWork()) listener.connectsTo(socket, path);
    }),
  ];
  return () => {
    for (const restore of undo) silently(restore);
  };
}

function wrote(listener: ConversationListener, socket: AnySocket): void {
  // Accepted connections and stdio carry the server's own replies.
  if (isAgentWork() || socket.server != null || (socket.fd ?? 3) <= 2) return;
  if (socket._handle != null) listener.wroteTo(socket, socket._handle);
}

/** Calls `hear` before the method; an inherited one is inherited again afterwards. */
function before(
  prototype: Prototype,
  name: string,
  hear: (socket: AnySocket, args: readonly unknown[]) => void,
): () => void {
  const owned = Object.hasOwn(prototype, name);
  const original = prototype[name];
  if (original === undefined) return () => {};
  const patched = function (this: AnySocket, ...args: unknown[]): unknown {
    silently(() => hear(this, args));
    return original.apply(this, args);
  };
  prototype[name] = patched;
  return () => {
    if (prototype[name] !== patched) return;
    if (owned) prototype[name] = original;
    else delete prototype[name];
  };
}

/** The path among the arguments of `connect`: a string, options, or what net.connect has made of them. */
function pathOf(first: unknown): string | null {
  const options: unknown = Array.isArray(first) ? (first as unknown[])[0] : first;
  if (typeof options === 'string') return Number.isNaN(Number(options)) ? options : null;
  const { path } = (options ?? {}) as { readonly path?: unknown };
  return typeof path === 'string' ? path.slice(0, 300) : null;
}
