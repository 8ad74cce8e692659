import type { Era } from '../evidence/index.ts';

/** Versions with the `initialize` handshake that Mettle speaks, newest first. */
export const HANDSHAKE_VERSIONS: readonly string[] = ['2025-11-25', '2025-06-18', '2025-03-26', '2024-11-05'];
/** Versions without a handshake that Mettle speaks, newest first. */
export const STATELESS_VERSIONS: readonly string[] = ['2026-07-28'];

export const METHOD_NOT_FOUND = -32601;
/** 2026 era: the server does not serve the version asked for; `data.supported` lists those it does. */
export const UNSUPPORTED_VERSION = -32022;

export type JsonObject = Readonly<Record<string, unknown>>;
export interface RpcError {
  readonly code: number;
  readonly message: string;
  readonly data?: unknown;
}

/** A JSON-RPC message from the server, sorted by kind. */
export type Incoming =
  | {
      readonly kind: 'request';
      readonly id: string | number;
      readonly method: string;
      readonly params: JsonObject;
    }
  | { readonly kind: 'notification'; readonly method: string; readonly params: JsonObject }
  | { readonly kind: 'result'; readonly id: unknown; readonly result: JsonObject }
  | { readonly kind: 'error'; readonly id: unknown; readonly error: RpcError }
  /** Meant as an answer, but not as JSON-RPC 2.0 wants it; `flaw` completes "answered with a malformed message: …". */
  | { readonly kind: 'malformed'; readonly id: unknown; readonly flaw: string }
  | { readonly kind: 'foreign' };

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Sorts a parsed JSON value; what is no JSON-RPC message at all is 'foreign'. */
export function sortMessage(value: unknown): Incoming {
  if (!isObject(value)) return { kind: 'foreign' };
  const { id, method } = value;
  const isAnswer = id !== undefined && ('result' in value || 'error' in value);
  if (value['jsonrpc'] !== '2.0')
    return isAnswer ? { kind: 'malformed', id, flaw: 'it lacks "jsonrpc": "2.0"' } : { kind: 'foreign' };
  if (typeof method === 'string') {
    const params = isObject(value['params']) ? value['params'] : {};
    if (typeof id === 'string' || typeof id === 'number') return { kind: 'request', id, method, params };
    return { kind: 'notification', method, params };
  }
  if ('error' in value) return sortError(id, value['error']);
  if (isObject(value['result'])) return { kind: 'result', id, result: value['result'] };
  if ('result' in value) return { kind: 'malformed', id, flaw: 'its "result" is no object' };
  return { kind: 'malformed', id, flaw: 'it has neither "method", "result" nor "error"' };
}

function sortError(id: unknown, error: unknown): Incoming {
  if (!isObject(error) || typeof error['code'] !== 'number')
    return { kind: 'malformed', id, flaw: 'its "error" has no numeric "code"' };
  const message = typeof error['message'] === 'string' ? error['message'] : '';
  return {
    kind: 'error',
    id,
    error: { code: error['code'], message, ...('data' in error ? { data: error['data'] } : {}) },
  };
}

/** What Mettle tells a server of itself. */
export const CLIENT_INFO: { readonly name: string; readonly version: string } = {
  name: 'mettle',
  version: '0.1.0',
};

/** What Mettle can answer when the server asks; a bare `elicitation` is what 2025 servers of every version accept. */
export function clientCapabilities(era: Era): JsonObject {
  return { roots: {}, sampling: {}, elicitation: era === '2025' ? {} : { form: {}, url: {} } };
}

/** What a request is about, as people know it: the tool's name, else the method. */
export function subjectOf(method: string, params: JsonObject | undefined): string {
  return method === 'tools/call' && typeof params?.['name'] === 'string' ? params['name'] : method;
}
