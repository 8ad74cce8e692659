import type { ResumePoint } from './channel/channel.ts';
import type { Exchange, HttpClient } from './http-client.ts';
import { SseParser } from './sse-parser.ts';

/** After a stream that brought nothing new, unless the server says how long: as the HTML standard leaves to clients. */
const NOTHING_NEW_DELAY_MS = 1000;

export interface ResumedListener {
  /** The data of an event. */
  event(data: string): void;
  /** The stream ended; told once. `next`: where it can be taken up again. */
  over(next: ResumePoint | null, why: string): void;
}

/** Takes a stream up again after an event, as MCP 2025-11-25 has it: GET with Last-Event-ID. Returns what gives it up. */
export function resumeStream(
  client: HttpClient,
  headers: Readonly<Record<string, string>>,
  from: ResumePoint,
  listener: ResumedListener,
): () => void {
  let exchange: Exchange | null = null;
  const timer = setTimeout(() => {
    exchange = client.exchange(
      {
        method: 'GET',
        headers: { ...headers, accept: 'text/event-stream', 'last-event-id': from.lastEventId },
        body: null,
      },
      {
        answered(response) {
          const { statusCode, headers: answered } = response;
          if (statusCode !== 200 || !(answered['content-type'] ?? '').includes('text/event-stream')) {
            response.resume();
            listener.over(null, `HTTP ${statusCode} when its event stream was to be taken up again`);
            return;
          }
          const parser = new SseParser(({ type, data }) => {
            if (type === 'message' && data !== '') listener.event(data);
          });
          response.on('data', (chunk: Buffer) => parser.push(chunk));
          response.on('error', () => undefined);
          response.once('close', () => {
            const reached = parser.lastEventId === '' ? from.lastEventId : parser.lastEventId;
            const usualMs = reached === from.lastEventId ? NOTHING_NEW_DELAY_MS : 0;
            const next = { lastEventId: reached, delayMs: parser.retryMs ?? usualMs };
            listener.over(
              response.complete ? next : null,
              'the server closed its event stream without answering',
            );
          });
        },
        failed: ({ message }) => listener.over(null, message),
      },
    );
  }, from.delayMs);
  return () => {
    clearTimeout(timer);
    exchange?.abort();
  };
}
