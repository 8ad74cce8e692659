import type { WaitKind } from '../evidence/index.ts';
import { basename } from 'node:path';

/** An async resource as the event loop called it back: what a call may have waited for. */
export interface Waker {
  readonly kind: WaitKind;
  /** Peer, host name, path, command or job; null when there is no more to say. */
  readonly what: string | null;
  /** The handle that stands for a conversation (a socket, a child process); null for one-shot operations. */
  readonly channel: object | null;
}

interface Resource {
  readonly type?: string;
  readonly handle?: object | null;
  readonly hostname?: string;
  readonly address?: string;
  readonly port?: number;
  readonly socket?: object;
}
interface AnySocket {
  readonly fd?: number;
  readonly server?: unknown;
  readonly _host?: string | null;
  readonly remoteAddress?: string;
  readonly remotePort?: number;
  readonly session?: { readonly socket?: AnySocket };
  readonly socket?: AnySocket;
}
interface Child {
  readonly spawnfile?: string;
  readonly stdio?: readonly unknown[];
  readonly _handle?: object | null;
}

const ONE_SHOT: Readonly<Record<string, WaitKind>> = {
  Timeout: 'timer',
  Immediate: 'event-loop',
  FSREQCALLBACK: 'file',
  FSREQPROMISE: 'file',
  FILEHANDLE: 'file',
  FILEHANDLECLOSEREQ: 'file',
  DIRHANDLE: 'file',
  FSEVENTWRAP: 'file',
  STATWATCHER: 'file',
  BLOBREADER: 'file',
  GETADDRINFOREQWRAP: 'dns',
  GETNAMEINFOREQWRAP: 'dns',
  QUERYWRAP: 'dns',
  DNSCHANNEL: 'dns',
  WORKER: 'worker',
  MESSAGEPORT: 'worker',
  ZLIB: 'thread-pool',
};
const STREAMS = new Set([
  'TCPWRAP',
  'TCPCONNECTWRAP',
  'TLSWRAP',
  'PIPEWRAP',
  'PIPECONNECTWRAP',
  'TTYWRAP',
  'UDPWRAP',
  'UDPSENDWRAP',
  'WRITEWRAP',
  'SHUTDOWNWRAP',
  'HTTP2SESSION',
  'HTTP2STREAM',
  'HTTPCLIENTREQUEST',
]);
/** PBKDF2REQUEST, SCRYPTREQUEST, RANDOMBYTESREQUEST …: node:crypto's jobs. */
const CRYPTO_JOB = /^([A-Z0-9]+)REQUEST$/;
/** Types of Node's own that are neither; others are the names that native add-ons give their work. */
const NODES_OWN = /^[A-Z0-9]+$/;

/** Operations that take a thread of libuv's pool from when they are queued; look-ups of names may use only half of them. */
export function poolJob(type: string): 'fast' | 'slow' | null {
  if (type === 'GETADDRINFOREQWRAP' || type === 'GETNAMEINFOREQWRAP') return 'slow';
  if (type === 'FSREQCALLBACK' || type === 'FSREQPROMISE' || type === 'FILEHANDLECLOSEREQ') return 'fast';
  return isCryptoJob(type) ? 'fast' : null;
}

function isCryptoJob(type: string): boolean {
  return type !== 'HTTPCLIENTREQUEST' && CRYPTO_JOB.test(type);
}

/** Names what the event loop calls back on. Peers are looked up while the connection stands, and remembered. */
export class Wakers {
  readonly #channels = new WeakMap<object, Waker>();
  readonly #children = new Set<object>();
  readonly #paths = new WeakMap<object, string>();
  #owner: symbol | null = null;

  constructor() {
    // Child processes that were there before; the call is deprecated in the documentation only, and may go.
    const { _getActiveHandles: handles } = process as {
      readonly _getActiveHandles?: () => readonly object[];
    };
    for (const handle of handles?.call(process) ?? []) {
      const { spawnfile, _handle } = handle as Child;
      if (spawnfile !== undefined && _handle != null) this.spawned(_handle);
    }
  }

  /** A child process was started: `handle` is its process handle, which does not know its owner yet. */
  spawned(handle: object): void {
    if (this.#children.size < 1_000) this.#children.add(handle);
  }

  /** `socket` connects to a local path. */
  connectsTo(socket: object, path: string): void {
    this.#paths.set(socket, path);
  }

  /** What `resource` of `type` stands for. */
  nameOf(type: string, resource: Resource, path: string | null): Waker {
    const kind = ONE_SHOT[type];
    if (kind !== undefined) {
      if (kind === 'thread-pool') return { kind, what: 'zlib', channel: null };
      return { kind, what: kind === 'dns' ? (resource.hostname ?? null) : path, channel: null };
    }
    if (type === 'HTTPINCOMINGMESSAGE') return { kind: 'client', what: null, channel: null };
    if (type === 'PROCESSWRAP') return this.#ofChild(resource);
    if (STREAMS.has(type)) return this.#ofStream(type, resource);
    if (isCryptoJob(type))
      return { kind: 'thread-pool', what: (CRYPTO_JOB.exec(type)?.[1] ?? '').toLowerCase(), channel: null };
    if (NODES_OWN.test(type)) return { kind: 'other', what: type, channel: null };
    return { kind: 'thread-pool', what: type.slice(0, 60), channel: null };
  }

  /** What stands for the conversation that `socket` is part of: the child process whose stdin it is, else its handle. */
  channelOf(socket: object, handle: object): object {
    return this.#childWith(socket)?.[0] ?? handle;
  }

  #ofChild(handle: object): Waker {
    const child = this.#ownerOf(handle) as Child | undefined;
    return { kind: 'child-process', what: commandOf(child), channel: handle };
  }

  #ofStream(type: string, resource: Resource): Waker {
    if (type === 'TCPCONNECTWRAP' || type === 'PIPECONNECTWRAP') {
      const to =
        resource.port === undefined ? `${resource.address}` : hostAndPort(resource.address, resource.port);
      return { kind: 'socket', what: resource.address === undefined ? null : to, channel: null };
    }
    const handle = resource.handle ?? resource;
    const known = this.#channels.get(handle);
    if (known !== undefined) return known;
    const waker = this.#lookUp(handle);
    this.#channels.set(handle, waker);
    return waker;
  }

  #lookUp(handle: object): Waker {
    const owner = this.#ownerOf(handle) as AnySocket | undefined;
    const socket = owner?.session?.socket ?? owner?.socket ?? owner;
    if (socket === undefined) return { kind: 'socket', what: null, channel: handle };
    if ((socket.fd ?? -1) >= 0 && (socket.fd ?? 3) <= 2) return { kind: 'client', what: null, channel: null };
    if (socket.server != null) return { kind: 'client', what: null, channel: null };
    const child = this.#childWith(socket);
    if (child !== undefined) return { kind: 'child-process', what: commandOf(child[1]), channel: child[0] };
    return { kind: 'socket', what: this.#peerOf(socket), channel: handle };
  }

  #peerOf(socket: AnySocket): string | null {
    const path = this.#paths.get(socket);
    if (path !== undefined) return path;
    const { remoteAddress, remotePort, _host: host } = socket;
    if (remoteAddress === undefined) return null;
    return hostAndPort(host ?? remoteAddress, remotePort);
  }

  #childWith(socket: object): readonly [object, Child] | undefined {
    for (const handle of this.#children) {
      const child = this.#ownerOf(handle) as Child | undefined;
      if (child?.stdio?.includes(socket) === true) return [handle, child];
    }
    return undefined;
  }

  #ownerOf(handle: object): unknown {
    this.#owner ??=
      Object.getOwnPropertySymbols(handle).find((symbol) => symbol.description === 'owner_symbol') ?? null;
    return this.#owner === null ? undefined : (handle as Record<symbol, unknown>)[this.#owner];
  }
}

function commandOf(child: Child | undefined): string | null {
  return child?.spawnfile === undefined ? null : basename(child.spawnfile);
}

function hostAndPort(host: string | undefined, port: number | undefined): string {
  const name = host?.startsWith('::ffff:') === true ? host.slice(7) : (host ?? '');
  const shown = name.includes(':') ? `[${name}]` : name;
  return port === undefined ? shown : `${shown}:${port}`;
}
