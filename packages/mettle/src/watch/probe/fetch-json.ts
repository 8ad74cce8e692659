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

/** One GET, or POST of a form. Rejects with ProbeFault where there is no answer; `body` is null when it is no JSON object. */
export async function fetchJson(
  url: URL,
  terms: FetchTerms,
  post?: { readonly form: URLSearchParams; readonly headers: Readonly<Record<string, string>> },
): Promise<{ readonly status: number; readonly body: JsonObject | null }> {
  const connection = new ProbeConnection(url, terms.ca);
  try {
    const { status, text } = await exchange(
      connection,
      url,
      {
        method: post === undefined ? 'GET' : 'POST',
        headers: {
          accept: 'application/json',
          ...(post === undefined
            ? {}
            : { 'content-type': 'application/x-www-form-urlencoded', ...post.headers }),
        },
        body: post?.form.toString() ?? null,
        what: post === undefined ? 'GET' : 'POST',
        phase: 'http',
        silentPhase: 'http',
        maxBytes: MAX_BYTES,
        deadlineMs: terms.deadlineMs,
        startedAtMs: monotonicMs(),
      },
      terms.signal,
    );
    return { status, body: objectIn(text) };
  } finally {
    connection.destroy();
  }
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
