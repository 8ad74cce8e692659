import { RuntimeError } from '../errors.ts';
import type { RequestHandler } from './era.ts';

/** Any server of either SDK generation: `McpServer`, or the low-level `Server`. */
export type AnyServer = object;

/** The inside of the SDK that every generation from 1.18 to 2.4 has: dispatch calls what is in this map, and nothing else. */
interface Inside {
  _requestHandlers?: unknown;
  fallbackRequestHandler?: RequestHandler | undefined;
}

const HOOKED = Symbol.for('mettle.runtime.hooked');
/** What `mettle check` puts around the SDK's dispatch names the original by this. */
const WRAPS: unique symbol = Symbol.for('mettle.wraps');

/**
 * Puts `wrap` around each request handler of the server: those already there, those registered later, and the fallback.
 * Answers false when the server already is hooked, by this or another copy of the package. Throws METTLE_CANNOT_HOOK
 * when the SDK's inside is not as known: a hook that does nothing would be worse than none.
 */
export function hook(
  server: AnyServer,
  wrap: (method: string, handler: RequestHandler) => RequestHandler,
): boolean {
  const low = lowLevel(server);
  const handlers = handlersOf(server);
  if (HOOKED in low) return false;
  Object.defineProperty(low, HOOKED, { value: true });

  const set = handlers.set.bind(handlers);
  for (const [method, handler] of handlers) set(method, wrap(method, handler));
  handlers.set = (method, handler) => {
    set(method, wrap(method, handler));
    return handlers;
  };
  hookFallback(low, wrap);
  return true;
}

/** The map that all requests are dispatched from. Throws when the server does not work as known. */
export function handlersOf(server: AnyServer): Map<string, RequestHandler> {
  const low = lowLevel(server);
  const handlers = low['_requestHandlers'];
  if (!(handlers instanceof Map)) throw cannot('it keeps no map of request handlers');
  if (!dispatchesFromMap(low))
    throw cannot('its requests are not dispatched from its map of request handlers');
  return handlers as Map<string, RequestHandler>;
}

/** The object that dispatches: a `McpServer` keeps it in `server`. */
function lowLevel(server: AnyServer): Inside & object {
  return 'server' in server && isObject(server.server) ? server.server : server;
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}

/** Finds the SDK's own dispatch, below whatever subclasses override, and looks whether it reads the map. */
function dispatchesFromMap(low: object): boolean {
  for (let at: unknown = low; isObject(at); at = Object.getPrototypeOf(at)) {
    const own = unwrapped(Object.getOwnPropertyDescriptor(at, '_onrequest')?.value);
    if (typeof own === 'function' && Function.prototype.toString.call(own).includes('_requestHandlers'))
      return true;
  }
  return false;
}

/** The SDK's own function below what was put around it by an examination, which says so. */
function unwrapped(dispatch: unknown): unknown {
  let at = dispatch;
  while (typeof at === 'function' && WRAPS in at) at = (at as { readonly [WRAPS]: unknown })[WRAPS];
  return at;
}

function cannot(why: string): RuntimeError {
  const message = `harden() cannot protect this server: ${why}. It knows McpServer and Server of @modelcontextprotocol/sdk 1.18 and later and of @modelcontextprotocol/server 2; pass one of these`;
  return new RuntimeError('METTLE_CANNOT_HOOK', message);
}

/** Servers that forward everything (proxies) may have no handler but this one. */
function hookFallback(low: Inside, wrap: (method: string, handler: RequestHandler) => RequestHandler): void {
  const wrapped = (fallback: RequestHandler): RequestHandler => {
    return (request, context) => wrap(request.method, fallback)(request, context);
  };
  let current = low.fallbackRequestHandler && wrapped(low.fallbackRequestHandler);
  Object.defineProperty(low, 'fallbackRequestHandler', {
    configurable: true,
    enumerable: true,
    get: () => current,
    set: (fallback: RequestHandler | undefined) => {
      current = fallback && wrapped(fallback);
    },
  });
}
