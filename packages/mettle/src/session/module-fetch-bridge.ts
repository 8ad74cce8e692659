import { ModernHeaders } from './modern-headers.ts';
import { readMessages, writeMessage } from './module-transport.ts';
import { isObject, type JsonObject } from './rpc-message.ts';
import { SseParser } from './sse-parser.ts';

export interface FetchHandler {
  fetch(request: Request): Promise<Response>;
}

const VERSION_META = 'io.modelcontextprotocol/protocolVersion';

/** Serves a web-standard handler (`createMcpHandler` of SDK v2) over stdio: each message becomes a POST. */
export function fetchBridge(handler: FetchHandler): void {
  const bridge = new FetchBridge(handler, writeMessage);
  readMessages(
    (message) => void bridge.carry(message),
    () => process.exit(0),
  );
}

/** Carries messages to the handler as POSTs, and what it answers to `write`. */
export class FetchBridge {
  readonly #handler: FetchHandler;
  readonly #write: (message: unknown) => Promise<void>;
  #session: Record<string, string> = {};
  #modern: { readonly version: string; readonly headers: ModernHeaders } | null = null;
  readonly #running: Map<unknown, AbortController> = new Map();

  constructor(handler: FetchHandler, write: (message: unknown) => Promise<void>) {
    this.#handler = handler;
    this.#write = write;
  }

  async carry(message: unknown): Promise<void> {
    if (!isObject(message)) return;
    const method = typeof message['method'] === 'string' ? message['method'] : '';
    const params = isObject(message['params']) ? message['params'] : undefined;
    const { id } = message;
    // Over HTTP the 2026 era cancels a request by closing its exchange.
    if (method === 'notifications/cancelled' && this.#modern !== null)
      this.#running.get(params?.['requestId'])?.abort();
    const abort = new AbortController();
    if (id !== undefined) this.#running.set(id, abort);
    try {
      const request = new Request('http://localhost/mcp', {
        method: 'POST',
        headers: this.#headers(method, params),
        body: JSON.stringify(message),
        signal: abort.signal,
      });
      await this.#pass(await this.#handler.fetch(request), id, method);
    } catch (error) {
      if (!abort.signal.aborted) await this.#fail(id, error instanceof Error ? error.message : String(error));
    } finally {
      this.#running.delete(id);
    }
  }

  #headers(method: string, params: JsonObject | undefined): Record<string, string> {
    const base = {
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      host: 'localhost',
    };
    const version = isObject(params?.['_meta']) ? params['_meta'][VERSION_META] : undefined;
    if (typeof version !== 'string') return { ...base, ...this.#session };
    if (this.#modern?.version !== version) this.#modern = { version, headers: new ModernHeaders(version) };
    return { ...base, ...this.#modern.headers.for(method, params) };
  }

  async #pass(response: Response, id: unknown, method: string): Promise<void> {
    let answered = false;
    const emit = async (value: unknown): Promise<void> => {
      if (!isObject(value)) return;
      if ('result' in value || 'error' in value) answered = true;
      this.#learn(value['result'], response, method);
      await this.#write(value);
    };
    if (
      (response.headers.get('content-type') ?? '').includes('text/event-stream') &&
      response.body !== null
    ) {
      const parser = new SseParser((event) => {
        if (event.data !== '') void emit(JSON.parse(event.data));
      });
      for await (const chunk of response.body) parser.push(Buffer.from(chunk));
    } else {
      const text = await response.text();
      if (text !== '') await emit(parse(text));
    }
    if (!answered)
      await this.#fail(id, `the handler answered HTTP ${String(response.status)} without a JSON-RPC answer`);
  }

  #learn(result: unknown, response: Response, method: string): void {
    if (method === 'tools/list') this.#modern?.headers.learn(result);
    if (method !== 'initialize' || !isObject(result)) return;
    const sessionId = response.headers.get('mcp-session-id');
    const version = result['protocolVersion'];
    this.#session = {
      ...(typeof version === 'string' ? { 'mcp-protocol-version': version } : {}),
      ...(sessionId === null ? {} : { 'mcp-session-id': sessionId }),
    };
  }

  async #fail(id: unknown, message: string): Promise<void> {
    if (id !== undefined) await this.#write({ jsonrpc: '2.0', id, error: { code: -32603, message } });
  }
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
