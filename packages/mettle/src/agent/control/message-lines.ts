import { native } from './natives.ts';

/** What of a JSON-RPC message matters here. */
export interface MessageParts {
  readonly method: string | null;
  readonly id: unknown;
  /** Tool's name, or the method. */
  readonly subject: string;
}

/** Reads a line; null when it is no JSON-RPC message. */
export function readMessage(text: string): MessageParts | null {
  if (!text.includes('"jsonrpc"')) return null;
  try {
    return partsOf(native.parse(text));
  } catch {
    return null;
  }
}

/** The parts of a parsed message; null when it is none. */
export function partsOf(value: unknown): MessageParts | null {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
  const { jsonrpc, method, id, params } = value as Record<string, unknown>;
  if (jsonrpc !== '2.0') return null;
  const name = (params as { readonly name?: unknown } | undefined)?.name;
  const called = typeof method === 'string' ? method : null;
  return { method: called, id, subject: typeof name === 'string' ? name : (called ?? '') };
}
