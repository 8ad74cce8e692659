import * as modules from 'node:module';
import { pathToFileURL } from 'node:url';
import { beginCall, currentCall, enterCall, nameCall, observing } from './calls.ts';
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
  let identified = false;
  const onRequest = (request: Request, url: string): void => {
    if (identified && !observing()) return;
    silently(() => {
      if (!serving.attached) return;
      if (!identified && typeof request.method === 'string' && !CLIENT_METHODS.has(request.method)) {
        identified = true;
        serving.sawSdk(identifySdk(url));
      }
      if (observing()) placeInCall(request);
    });
  };
  Object.defineProperty(globalThis, Symbol.for(ANCHOR), { value: onRequest, configurable: true });
  rewriteModules();
}

function placeInCall(request: Request): void {
  const subject = subjectOf(request.method, request.params?.name);
  if (subject === null) return;
  const call = currentCall();
  if (call === null || call.batch) enterCall(beginCall(subject, call?.batch ?? false));
  else if (call.subject === null) nameCall(call, subject);
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
