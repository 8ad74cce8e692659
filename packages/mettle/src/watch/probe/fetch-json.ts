import { monotonicMs } from '../../session/clock.ts';
import { isObject, type JsonObject } from '../../session/rpc-message.ts';
import { ProbeConnection } from './connection.ts';
import { exchange } from './exchange.ts';

const MAX_BYTES = 256 * 1024;

/** What a look at an authorisation server may take, and whom it trusts. */
export interface FetchTerms {
  readonly deadlineMs: number;
  readonly ca: string | undefined;
  readonly signal: AbortSignal | undefined;
}

interface FetchRequest {
  readonly accept: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent by POST; without it, a GET. */
  readonly form?: URLSearchParams;
  readonly maxBytes?: number;
}

/** One GET, or POST of a form, on a connection of its own. Rejects with ProbeFault where there is no answer. */
export async function fetchText(
  url: URL,
  terms: FetchTerms,
  { accept, headers = {}, form, maxBytes = MAX_BYTES }: FetchRequest,
): Promise<{ readonly status: number; readonly text: string }> {
  const connection = new ProbeConnection(url, terms.ca);
  const method = form === undefined ? 'GET' : 'POST';
  const type = form === undefined ? {} : { 'content-type': 'application/x-www-form-urlencoded' };
  try {
    return await exchange(
      connection,
      url,
      {
        method,
        headers: { accept, ...type, ...headers },
        body: form?.toString() ?? null,
        what: method,
        phase: 'http',
        silentPhase: 'http',
        maxBytes,
        deadlineMs: terms.deadlineMs,
        startedAtMs: monotonicMs(),
      },
      terms.signal,
    );
  } finally {
    connection.destroy();
  }
}

/** The same for a JSON object; `body` is null when it is none. */
export async function fetchJson(
  url: URL,
  terms: FetchTerms,
  post?: { readonly form: URLSearchParams; readonly headers: Readonly<Record<string, string>> },
): Promise<{ readonly status: number; readonly body: JsonObject | null }> {
  const { status, text } = await fetchText(url, terms, { accept: 'application/json', ...post });
  return { status, body: objectIn(text) };
}

function objectIn(text: string): JsonObject | null {
  try {
    const value: unknown = JSON.parse(text);
    return isObject(value) ? value : null;
  } catch {
    return null;
  }
}

/** Whether credentials, and questions that decide where they go, may travel there: encrypted, or within this machine. */
export function isSafe(url: URL): boolean {
  return url.protocol === 'https:' || /^(localhost|127(\.\d+){3}|\[::1\])$/.test(url.hostname);
}
