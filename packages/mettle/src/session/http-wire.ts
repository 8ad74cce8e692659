import type { IncomingMessage } from 'node:http';
import type { Era, ReachPhase } from '../evidence/index.ts';
import type { CallChannel } from './channel/channel.ts';
import { HttpChannel } from './channel/http-channel.ts';
import { describeHttpAnswer, shownUrl } from './fault-sentences.ts';
import { readBody, type Exchange, type HttpClient } from './http-client.ts';
import { ModernHeaders } from './modern-headers.ts';
import type { Peer } from './peer.ts';
import { resumeStream } from './resumed-stream.ts';
import { ServerStream } from './server-stream.ts';
import { SseParser } from './sse-parser.ts';
import type { JsonObject } from './rpc-message.ts';
import type { Fault, Outgoing, Wire } from './wire.ts';

const POST_HEADERS: Readonly<Record<string, string>> = {
  'content-type': 'application/json',
  accept: 'application/json, text/event-stream',
};
/** A server that does not answer DELETE is not waited for. */
const DELETE_TIMEOUT_MS = 2000;

/** Streamable HTTP: one POST per message, answered by JSON or by a stream of events. */
export class HttpWire implements Wire {
  readonly client: HttpClient;
  readonly #peer: Peer;
  readonly #exchanges: Map<number, Exchange> = new Map();
  readonly #others: Set<Exchange> = new Set();
  #era: Era = '2025';
  #modern: ModernHeaders | null = null;
  #sessionHeaders: Readonly<Record<string, string>> = {};
  #sessionId: string | null = null;
  #stream: ServerStream | null = null;

  constructor(client: HttpClient, peer: Peer) {
    this.client = client;
    this.#peer = peer;
  }

  get cancelsByNotification(): boolean {
    return this.#era === '2025';
  }

  send(message: Outgoing): void {
    const { id } = message;
    const routing =
      this.#modern === null ? this.#sessionHeaders : this.#modern.for(message.method ?? '', message.params);
    const forget = (): void => {
      if (id === null) this.#others.delete(exchange);
      else this.#exchanges.delete(id);
    };
    const exchange: Exchange = this.client.exchange(
      { method: 'POST', headers: { ...POST_HEADERS, ...routing, ...message.headers }, body: message.text },
      {
        answered: (response) => {
          response.once('close', forget);
          if (id === null) response.resume();
          else this.#answered(response, id, message.method);
        },
        failed: (fault) => {
          forget();
          if (id !== null) this.#peer.lost(id, fault);
        },
      },
    );
    if (id === null) this.#others.add(exchange);
    else this.#exchanges.set(id, exchange);
  }

  abandon(id: number): ReachPhase | null {
    const exchange = this.#exchanges.get(id);
    const phase = exchange?.phase() ?? null;
    this.#exchanges.delete(id);
    exchange?.abort();
    return phase;
  }

  settle(era: Era, protocolVersion: string | null): void {
    this.#era = era;
    this.#modern = era === '2026' && protocolVersion !== null ? new ModernHeaders(protocolVersion) : null;
    const ofSession = this.#sessionId === null ? {} : { 'mcp-session-id': this.#sessionId };
    this.#sessionHeaders =
      era === '2025' && protocolVersion !== null
        ? { 'mcp-protocol-version': protocolVersion, ...ofSession }
        : {};
  }

  openChannel(meta: JsonObject | null): CallChannel {
    return new HttpChannel({
      url: this.client.url,
      meta,
      headers: (method, params) => ({
        ...this.client.headers,
        ...(this.#modern === null ? this.#sessionHeaders : this.#modern.for(method, params)),
      }),
      aside: (data) => {
        try {
          this.#peer.received(JSON.parse(data), Buffer.byteLength(data), null);
        } catch {
          // Not JSON: the call's own answer decides.
        }
      },
      resume:
        this.#era === '2025'
          ? (from, listener) => resumeStream(this.client, this.#sessionHeaders, from, listener)
          : null,
      cancel: (id) => {
        // In the 2026 era closing the connection is the cancellation.
        if (this.cancelsByNotification)
          this.#peer.notify('notifications/cancelled', {
            requestId: id,
            reason: 'Mettle no longer waits for it',
          });
      },
    });
  }

  /** Opens the optional stream by which a 2025 server speaks first. Without a session no such message could find us. */
  listen(): void {
    if (this.#sessionId === null) return;
    this.#stream?.close();
    this.#stream = new ServerStream(this.client, this.#sessionHeaders, (value, bytes) =>
      this.#peer.received(value, bytes, null),
    );
    this.#stream.open();
  }

  leave(): void {
    this.#abortAll();
    this.#peer.died({ phase: 'handshake', message: 'the connection was cut' });
    this.client.close();
  }

  #abortAll(): void {
    this.#stream?.close();
    for (const exchange of this.#exchanges.values()) exchange.abort();
    for (const exchange of this.#others) exchange.abort();
  }

  async close(): Promise<void> {
    this.#abortAll();
    if (this.#sessionId !== null) await this.#endSession();
    this.#peer.died({ phase: 'handshake', message: 'the session was closed' });
    this.client.close();
  }

  #answered(response: IncomingMessage, id: number, method: string | null): void {
    const status = response.statusCode ?? 0;
    const sessionId = response.headers['mcp-session-id'];
    if (method === 'initialize' && typeof sessionId === 'string') this.#sessionId = sessionId;
    const contentType = response.headers['content-type'] ?? '';
    if (contentType.includes('text/event-stream')) this.#readEvents(response, id, method);
    else {
      readBody(
        response,
        (body) => this.#readJson(body, response, id, status, method),
        (why) =>
          this.#peer.lost(id, { phase: 'http', message: `${shownUrl(this.client.url)}: ${why}`, status }),
      );
    }
  }

  #readJson(
    body: Buffer,
    response: IncomingMessage,
    id: number,
    status: number,
    method: string | null,
  ): void {
    if (status === 404 && this.#sessionId !== null) {
      this.#peer.lost(id, {
        phase: 'http',
        status,
        sessionEnded: true,
        message: 'the server no longer knows this session (HTTP 404): it ended or forgot it',
      });
      return;
    }
    let value: unknown;
    try {
      value = JSON.parse(body.toString('utf8'));
    } catch {
      value = undefined;
    }
    if (status !== 401 && status !== 403 && value !== undefined)
      this.#deliver(value, body.length, id, method);
    // No-op when that was the answer.
    this.#peer.lost(id, this.#notAnAnswer(body, response, status));
  }

  #notAnAnswer(body: Buffer, response: IncomingMessage, status: number): Fault {
    const { headers } = response;
    const message = describeHttpAnswer(
      status,
      headers['content-type'] ?? '',
      body.subarray(0, 4096).toString('utf8'),
      this.client.url,
      headers['www-authenticate'],
    );
    return { phase: 'http', message, status };
  }

  #deliver(value: unknown, bytes: number, id: number, method: string | null): void {
    if (method === 'tools/list' && typeof value === 'object' && value !== null && 'result' in value)
      this.#modern?.learn(value.result);
    this.#peer.received(value, bytes, id);
  }

  #readEvents(response: IncomingMessage, id: number, method: string | null): void {
    const status = response.statusCode ?? 0;
    const parser = new SseParser((event) => {
      if (event.type !== 'message' || event.data === '') return;
      try {
        this.#deliver(JSON.parse(event.data), Buffer.byteLength(event.data), id, method);
      } catch {
        this.#peer.lost(id, {
          phase: 'http',
          status,
          message: `${shownUrl(this.client.url)} sent an event that is not JSON`,
        });
      }
    });
    response.on('data', (chunk: Buffer) => parser.push(chunk));
    response.on('error', () => undefined);
    response.once('close', () => {
      // 2025-11-25 lets a server end the stream early; the client takes it up again from the last event's id.
      if (this.#era === '2025' && parser.lastEventId !== '' && response.complete)
        this.#resume(parser.lastEventId, parser.retryMs ?? 0, id, method);
      else
        this.#peer.lost(id, {
          phase: 'http',
          status,
          message: `${shownUrl(this.client.url)} closed its event stream without answering`,
        });
    });
  }

  #resume(lastEventId: string, delayMs: number, id: number, method: string | null): void {
    if (!this.#peer.waitsFor(id)) return;
    const timer = setTimeout(() => {
      const exchange = this.client.exchange(
        {
          method: 'GET',
          headers: { ...this.#sessionHeaders, accept: 'text/event-stream', 'last-event-id': lastEventId },
          body: null,
        },
        {
          answered: (response) => this.#answered(response, id, method),
          failed: (fault) => this.#peer.lost(id, fault),
        },
      );
      this.#exchanges.set(id, exchange);
    }, delayMs);
    this.#exchanges.set(id, { abort: () => clearTimeout(timer), phase: () => 'handshake' });
  }

  async #endSession(): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(() => {
        exchange.abort();
        resolve();
      }, DELETE_TIMEOUT_MS);
      const done = (): void => {
        clearTimeout(timer);
        resolve();
      };
      const exchange = this.client.exchange(
        { method: 'DELETE', headers: this.#sessionHeaders, body: null },
        {
          answered: (response) => {
            response.resume();
            response.once('close', done);
          },
          failed: done,
        },
      );
    });
  }
}
