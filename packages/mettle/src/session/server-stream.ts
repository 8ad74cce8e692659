import type { Exchange, HttpClient } from './http-client.ts';
import { SseParser, type ServerSentEvent } from './sse-parser.ts';

/** Between two attempts at the stream, unless the server names another wait. */
const RECONNECT_MS = 1000;

/** The 2025 era's optional GET stream, by which a server speaks without being asked. Taken up again when it ends. */
export class ServerStream {
  readonly #client: HttpClient;
  readonly #headers: Readonly<Record<string, string>>;
  readonly #onMessage: (value: unknown, bytes: number) => void;
  #exchange: Exchange | null = null;
  #timer: NodeJS.Timeout | undefined;
  #closed = false;
  #lastEventId = '';

  constructor(
    client: HttpClient,
    headers: Readonly<Record<string, string>>,
    onMessage: (value: unknown, bytes: number) => void,
  ) {
    this.#client = client;
    this.#headers = headers;
    this.#onMessage = onMessage;
  }

  open(): void {
    const resume = this.#lastEventId === '' ? {} : { 'last-event-id': this.#lastEventId };
    this.#exchange = this.#client.exchange(
      { method: 'GET', headers: { ...this.#headers, accept: 'text/event-stream', ...resume }, body: null },
      {
        answered: (response) => {
          if (
            response.statusCode !== 200 ||
            !(response.headers['content-type'] ?? '').includes('text/event-stream')
          ) {
            // 405 and the like: the server has no such stream, and need not.
            response.resume();
            return;
          }
          const parser = new SseParser((event) => this.#read(event));
          response.on('data', (chunk: Buffer) => parser.push(chunk));
          response.on('error', () => undefined);
          response.once('close', () => this.#again(parser.retryMs ?? RECONNECT_MS));
        },
        // Requests tell of a dead server; this stream need not.
        failed: () => undefined,
      },
    );
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    this.#exchange?.abort();
  }

  #again(delayMs: number): void {
    if (this.#closed) return;
    this.#timer = setTimeout(() => this.open(), delayMs);
    this.#timer.unref();
  }

  #read(event: ServerSentEvent): void {
    this.#lastEventId = event.lastEventId;
    try {
      this.#onMessage(JSON.parse(event.data), Buffer.byteLength(event.data));
    } catch {
      // Not JSON: nobody waits for it.
    }
  }
}
