import * as modules from 'node:module';
import { pathToFileURL } from 'node:url';
import { beginCall, currentCall, nameCall, observing, runInCall } from './calls.ts';
import type { Call } from './calls.ts';
import { subjectOf } from './message-head.ts';
import { identifySdk } from './sdk-identity.ts';
import { ANCHOR, rewriteLoaded, rewriteSdk } from './sdk-rewrite.ts';
import type { Serving } from './serving.ts';
import { silently } from './silently.ts';

/** Methods that a client receives: a server that is also a client of others is not recognised by them. */
const CLIENT_METHODS = new Set(['ping', 'roots/list', 'sampling/createMessage', 'elicitation/create']);

interface Request {
  readonly method?: unknown;
  readonly params?: { readonly name?: unknown };
}
type Load = (url: string, context: unknown, nextLoad: (url: string, context: unknown) => Loaded) => Loaded;
interface Loaded {
  readonly format: string;
  readonly source?: unknown;
}
/** `module.registerHooks` where the running Node has it (22.15 and later). */
type RegisterHooks = (hooks: { readonly load: Load }) => unknown;
interface CompilingModule {
  _compile(content: unknown, filename: string, ...rest: unknown[]): unknown;
}

/** Hears of every request that the MCP SDK dispatches, whatever transport or bundle it came in. */
export function hookSdk(serving: Serving): void {
  const wrapped = new WeakSet<object>();
  let identified = false;
  let lastDone: object | null = null;
  const onRequest = (protocol: object, request: Request, url: string): void => {
    const kind = Object.getPrototypeOf(protocol) as object | null;
    if (kind !== null && kind === lastDone) return;
    const owner = ownerOfDispatch(protocol);
    if (owner === null) return;
    if (wrapped.has(owner)) {
      // Unless the object has a dispatch of its own, all of its kind are done.
      if (owner !== protocol) lastDone = kind;
      return;
    }
    silently(() => {
      if (!serving.attached || typeof request.method !== 'string' || CLIENT_METHODS.has(request.method))
        return;
      wrapped.add(owner);
      runDispatchInCalls(owner);
      if (identified) return;
      identified = true;
      serving.sawSdk(identifySdk(url));
    });
  };
  Object.defineProperty(globalThis, ANCHOR, { value: onRequest, configurable: true });
  rewriteModules();
}

/** Says to who reads the SDK's dispatch, as harden() of @mettle/runtime does, which function it is that is run. */
const WRAPS = Symbol.for('mettle.wraps');

/** The definitions that are rewritten have one or two parameters. */
type Dispatch = (this: unknown, request: Request, extra: unknown) => unknown;
interface Dispatcher {
  _onrequest: Dispatch;
}

function ownerOfDispatch(protocol: object): Dispatcher | null {
  for (
    let owner: object | null = protocol;
    owner !== null;
    owner = Object.getPrototypeOf(owner) as object | null
  ) {
    if (Object.hasOwn(owner, '_onrequest')) return owner as Dispatcher;
  }
  return null;
}

/**
 * From its second request on, the SDK's dispatch runs within a call where the transport gave none:
 * transports of the author's own, in memory, or a batch.
 */
function runDispatchInCalls(owner: Dispatcher): void {
  const dispatch = owner._onrequest;
  const within = function (this: unknown, request: Request, extra: unknown): unknown {
    const call = observing() ? callWithoutTransport(request) : null;
    return call === null
      ? dispatch.call(this, request, extra)
      : runInCall(call, () => dispatch.call(this, request, extra));
  };
  owner._onrequest = Object.defineProperty(within, WRAPS, { value: dispatch });
}

function callWithoutTransport(request: Request): Call | null {
  const subject = subjectOf(request.method, request.params?.name);
  if (subject === null) return null;
  const call = currentCall();
  if (call === null || call.batch) return beginCall(subject);
  if (call.subject === null) nameCall(call, subject);
  return null;
}

function rewriteModules(): void {
  const { registerHooks } = modules as { readonly registerHooks?: RegisterHooks };
  if (registerHooks !== undefined) {
    registerHooks({ load: rewriteOnLoad });
    return;
  }
  modules.register('./sdk-loader.js', import.meta.url);
  const prototype = modules.Module.prototype as unknown as CompilingModule;
  const compile = prototype._compile;
  prototype._compile = function (this: unknown, content, filename, ...rest): unknown {
    let source: string | null = null;
    silently(() => {
      if (typeof content === 'string') source = rewriteSdk(content, pathToFileURL(filename).href);
    });
    return compile.call(this as CompilingModule, source ?? content, filename, ...rest);
  };
}

const rewriteOnLoad: Load = (url, context, nextLoad) => {
  const loaded = nextLoad(url, context);
  if (loaded.format !== 'module' && loaded.format !== 'commonjs') return loaded;
  let source: string | null = null;
  silently(() => {
    source = rewriteLoaded(loaded.source, url);
  });
  return source === null ? loaded : { ...loaded, source };
};
