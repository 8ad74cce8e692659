import type { FetchHandler } from './module-fetch-bridge.ts';
import { FetchBridge } from './module-fetch-bridge.ts';
import { isObject, type JsonObject } from './rpc-message.ts';

const VERSION_META = 'io.modelcontextprotocol/';
const ERA_VERSIONS = { '2025': '2025-11-25', '2026': '2026-07-28' } as const;

/** A client and a transport in one, in the server's own process: messages are handed over as objects. */
export class MemoryTransport {
  onmessage: ((message: unknown, extra?: unknown) => void) | undefined;
  onclose: (() => void) | undefined;
  onerror: ((error: Error) => void) | undefined;
  readonly #era: '2025' | '2026';
  #waiting: { readonly id: number; readonly settle: (answer: JsonObject) => void } | null = null;
  #id = 0;

  constructor(era: '2025' | '2026') {
    this.#era = era;
  }

  start(): Promise<void> {
    return Promise.resolve();
  }

  send(message: unknown): Promise<void> {
    this.receive(message);
    return Promise.resolve();
  }

  close(): Promise<void> {
    this.onclose?.();
    return Promise.resolve();
  }

  /** Takes what the server sends. What it asks the client is refused: there is nobody to ask. */
  receive(message: unknown): void {
    if (!isObject(message)) return;
    if (typeof message['method'] === 'string') {
      if (message['id'] !== undefined)
        this.onmessage?.({
          jsonrpc: '2.0',
          id: message['id'],
          error: { code: -32601, message: 'A benchmark in process answers no questions.' },
        });
      return;
    }
    if (this.#waiting?.id === message['id']) this.#waiting?.settle(message);
  }

  /** One request at a time; resolves with the whole answer, be it a result or an error. */
  request(method: string, params: Readonly<Record<string, unknown>>): Promise<JsonObject> {
    const id = ++this.#id;
    const message = { jsonrpc: '2.0', id, method, params: this.#envelope(params) };
    return new Promise((settle) => {
      this.#waiting = { id, settle };
      this.onmessage?.(message);
    });
  }

  notify(method: string): void {
    this.onmessage?.({ jsonrpc: '2.0', method });
  }

  /** The handshake of the era; the sentence why there is none, else null. */
  async open(): Promise<string | null> {
    const answer =
      this.#era === '2026'
        ? await this.request('server/discover', {})
        : await this.request('initialize', {
            protocolVersion: ERA_VERSIONS['2025'],
            capabilities: {},
            clientInfo: { name: 'mettle', version: '1' },
          });
    if (isObject(answer['error']))
      return `the server answered the handshake of ${this.#era} with error ${String(answer['error']['code'])}: ${String(answer['error']['message'])}`;
    if (this.#era === '2025') this.notify('notifications/initialized');
    return null;
  }

  #envelope(params: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
    if (this.#era === '2025') return params;
    return {
      ...params,
      _meta: {
        [`${VERSION_META}protocolVersion`]: ERA_VERSIONS['2026'],
        [`${VERSION_META}clientInfo`]: { name: 'mettle', version: '1' },
        [`${VERSION_META}clientCapabilities`]: {},
      },
    };
  }
}

/** Lets a web-standard handler answer what goes through the transport; it takes and gives JSON text, even in memory. */
export function connectFetch(handler: FetchHandler, transport: MemoryTransport): void {
  const bridge = new FetchBridge(handler, (message) => {
    transport.receive(message);
    return Promise.resolve();
  });
  // oxlint-disable-next-line unicorn/prefer-add-event-listener -- a transport of MCP has no other way
  transport.onmessage = (message) => void bridge.carry(message);
}
