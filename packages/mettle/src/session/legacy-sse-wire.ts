import type { ReachPhase } from '../evidence/index.ts';
import { describeHttpAnswer, shownUrl } from './fault-sentences.ts';
import { readBody, type Exchange, type HttpClient } from './http-client.ts';
import type { Peer } from './peer.ts';
import { SseParser, type ServerSentEvent } from './sse-parser.ts';
import type { Outgoing, Wire } from './wire.ts';

/**
 * HTTP+SSE of 2024-11-05: one GET stream carries everything from the server, its first event names the URL to POST to.
 * Resolves null when the URL offers no such stream.
 */
export async function openLegacySse(client: HttpClient, peer: Peer, timeoutMs: number): Promise<Wire | null> {
  return new Promise((resolve) => {
    const giveUp = (): void => {
      clearTimeout(timer);
      stream.abort();
      resolve(null);
    };
    const timer = setTimeout(giveUp, timeoutMs);
    const stream: Exchange = client.exchange(
      { method: 'GET', headers: { accept: 'text/event-stream' }, body: null },
      {
        failed: giveUp,
        answered: (response) => {
          if (
            response.statusCode !== 200 ||
            !(response.headers['content-type'] ?? '').includes('text/event-stream')
          ) {
            giveUp();
            return;
          }
          const parser = new SseParser((event: ServerSentEvent) => {
            if (event.type === 'message') receive(peer, event.data);
            if (event.type !== 'endpoint') return;
            const endpoint = URL.canParse(event.data, client.url.href)
              ? new URL(event.data, client.url)
              : null;
            if (endpoint === null || endpoint.origin !== client.url.origin) giveUp();
            else {
              clearTimeout(timer);
              resolve(new LegacySseWire(client, peer, endpoint, stream));
            }
          });
          response.on('data', (chunk: Buffer) => parser.push(chunk));
          response.on('error', () => undefined);
          response.once('close', () => {
            giveUp();
            peer.died({ phase: 'http', message: `${shownUrl(client.url)} closed its event stream` });
          });
        },
      },
    );
  });
}

function receive(peer: Peer, data: string): void {
  try {
    peer.received(JSON.parse(data), Buffer.byteLength(data), null);
  } catch {
    // Not JSON: the request it may have answered runs into its time-out.
  }
}

class LegacySseWire implements Wire {
  readonly cancelsByNotification = true;
  readonly #client: HttpClient;
  readonly #peer: Peer;
  readonly #endpoint: URL;
  readonly #stream: Exchange;

  constructor(client: HttpClient, peer: Peer, endpoint: URL, stream: Exchange) {
    this.#client = client;
    this.#peer = peer;
    this.#endpoint = endpoint;
    this.#stream = stream;
  }

  send(message: Outgoing): void {
    const { id } = message;
    this.#client.exchange(
      { method: 'POST', headers: { 'content-type': 'application/json' }, body: message.text },
      {
        failed: (fault) => {
          if (id !== null) this.#peer.lost(id, fault);
        },
        answered: (response) => {
          const status = response.statusCode ?? 0;
          if (status < 400 || id === null) {
            response.resume();
            return;
          }
          const lose = (start: string): void =>
            this.#peer.lost(id, {
              phase: 'http',
              status,
              message: describeHttpAnswer(
                status,
                response.headers['content-type'] ?? '',
                start,
                this.#endpoint,
                response.headers['www-authenticate'],
              ),
            });
          readBody(response, (body) => lose(body.subarray(0, 4096).toString('utf8')), lose);
        },
      },
      this.#endpoint,
    );
  }

  abandon(): ReachPhase | null {
    return null;
  }

  settle(): void {
    // This transport marks nothing with a version.
  }

  close(): Promise<void> {
    this.#stream.abort();
    this.#peer.died({ phase: 'handshake', message: 'the session was closed' });
    this.#client.close();
    return Promise.resolve();
  }
}
