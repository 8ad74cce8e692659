import { beginCall, currentCall, enterCall, observing, runInCall } from './calls.ts';
import type { Call } from './calls.ts';
import { subjectOf } from './message-head.ts';
import type { Serving } from './serving.ts';
import { silently } from './silently.ts';

/*
 * Hand-written servers that read lines by iteration (`for await (const line of readline)`) leave the
 * call's context at once: the loop was started before it. For them the call begins where the
 * line is parsed. JSON.parse is wrapped only where this is needed: its own time has no frame in a
 * CPU profile and would be charged to the wrapper.
 */

interface PromiseHooks {
  onInit(hook: () => void): () => void;
}

/** Methods that only a server receives. */
const SERVER_METHODS = new Set(['initialize', 'server/discover', 'tools/list', 'tools/call']);

/** 'follows': what is called from a stdin listener stays in its call; 'lost': it does not; found out at the first request. */
let context: 'unknown' | 'follows' | 'lost' = 'unknown';
let orphan: Call | null = null;
const original = JSON.parse;
let serving: Serving | null = null;

/** Whether calls have to begin where their message is parsed. */
export function contextIsLost(): boolean {
  return context === 'lost';
}

/** Recognises servers that read neither process.stdin nor HTTP; afterwards JSON.parse is as it was. */
export function hookJsonParse(known: Serving): void {
  serving = known;
  const parse = wrapParse((method) => {
    if (SERVER_METHODS.has(method)) known.sawMessage('json');
  });
  known.whenKnown.push(() => unwrapParse(parse));
}

/**
 * Runs `deliver`, which hands a message to the server, in `call`'s context. The first time, finds
 * out whether the server's code goes on in that context: it creates a promise in it, or answers at once.
 */
export function runUntilContextFollows<T>(call: Call, deliver: () => T): T {
  if (context !== 'unknown') return runInCall(call, deliver);
  let follows = false;
  // Not createHook: enabled and disabled beside the light hooks of the blocking instrument, it would leave Node's
  // costly promise hooks on until those end too (seen on 24 and 26).
  const { promiseHooks } = process.getBuiltinModule('node:v8') as unknown as { promiseHooks: PromiseHooks };
  const stop = promiseHooks.onInit(() => {
    if (!follows) follows = currentCall() === call;
  });
  try {
    return runInCall(call, deliver);
  } finally {
    stop();
    context = follows || call.used ? 'follows' : 'lost';
    if (context === 'lost') {
      orphan = call;
      silently(beginCallsAtParse);
    }
  }
}

function beginCallsAtParse(): void {
  wrapParse((method, message) => {
    if (!observing()) return;
    const subject = subjectOf(method, message.params?.name);
    if (subject === null || message.id === undefined) return;
    const call = orphan?.subject === subject ? orphan : beginCall(subject);
    orphan = null;
    enterCall(call);
  });
}

interface Message {
  readonly jsonrpc?: unknown;
  readonly method?: unknown;
  readonly id?: unknown;
  readonly params?: { readonly name?: unknown };
}

function wrapParse(sawRequest: (method: string, message: Message) => void): typeof JSON.parse {
  const parse = function parse(this: unknown, ...args: Parameters<typeof JSON.parse>): unknown {
    const value: unknown = Reflect.apply(original, this, args);
    if (value !== null && typeof value === 'object' && serving?.attached === true) {
      const message = value as Message;
      silently(() => {
        if (message.jsonrpc === '2.0' && typeof message.method === 'string')
          sawRequest(message.method, message);
      });
    }
    return value;
  };
  Object.defineProperty(parse, 'length', { value: 2, configurable: true });
  JSON.parse = parse;
  return parse;
}

function unwrapParse(parse: typeof JSON.parse): void {
  // Somebody may have wrapped ours meanwhile: then it stays, and does nothing.
  if (JSON.parse === parse) JSON.parse = original;
}
