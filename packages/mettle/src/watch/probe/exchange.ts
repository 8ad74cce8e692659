import http, { type IncomingHttpHeaders } from 'node:http';
import type { ReachPhase } from '../../evidence/index.ts';
import { describeConnectionError, shownUrl } from '../../session/fault-sentences.ts';
import { AnswerReader } from './answer-reader.ts';
import type { ProbeConnection } from './connection.ts';
import { ProbeFault, shownTime } from './fault.ts';
import { PatientTimer } from './patient-timer.ts';

const MAX_REDIRECTS = 5;

export interface ExchangeRequest {
  readonly method: 'GET' | 'POST' | 'DELETE';
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | null;
  /** The message that is waited for, as sentences name it. */
  readonly what: string;
  /** The phase to blame once the answer's headers are here. */
  readonly phase: ReachPhase;
  /** The phase to blame before, once the connection stands: `http` as long as nothing was answered at all. */
  readonly silentPhase: ReachPhase;
  readonly maxBytes: number;
  /** On the monotonic clock. */
  readonly deadlineMs: number;
  /** An earlier one for the answer alone: a connection that is slow to come about may take until the other. */
  readonly answerByMs?: number;
  /** When the time began of which sentences tell how much there was. */
  readonly startedAtMs: number;
  /** Whether an event's data is what is waited for; absent: a stream is not expected. */
  readonly isAnswer?: (data: string) => boolean;
  /** As soon as they are here, whatever becomes of the body. */
  readonly onHeaders?: (headers: IncomingHttpHeaders) => void;
  /** The status is all that is asked for: the body is thrown away. */
  readonly statusSuffices?: boolean;
}

export interface RawAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** The body; of a stream of events, the data of the one that is the answer. */
  readonly text: string;
  readonly bytes: number;
  readonly headersAtMs: number;
  readonly answeredAtMs: number;
  /** Where it was found, after redirects. */
  readonly url: URL;
}

/** One request and its whole answer, within time and size. Rejects with ProbeFault, or with the signal's reason. */
export async function exchange(
  connection: ProbeConnection,
  start: URL,
  request: ExchangeRequest,
  signal?: AbortSignal,
): Promise<RawAnswer> {
  let url = start;
  let mayRepeat = request.phase !== 'call';
  for (let hops = 0; ; hops += 1) {
    const answer = await once(connection, url, request, signal).catch((error: unknown) => {
      if (!mayRepeat || !(error instanceof StaleConnection)) throw error;
      return null;
    });
    if (answer === null) {
      mayRepeat = false;
      continue;
    }
    if (![301, 302, 303, 307, 308].includes(answer.status)) return answer;
    url = redirected(answer, url, hops);
  }
}

/** A kept connection that the server closed just when it was used again: no fault, the request is sent once more. */
class StaleConnection extends ProbeFault {}

function redirected({ status, headers }: RawAnswer, from: URL, hops: number): URL {
  const { location } = headers;
  const next = location !== undefined && URL.canParse(location, from.href) ? new URL(location, from) : null;
  const where = `${shownUrl(from)} redirects (HTTP ${String(status)})`;
  if (next === null) throw new ProbeFault('http', `${where} without a usable Location`, { status });
  if (next.origin !== from.origin)
    throw new ProbeFault('http', `${where} to another origin: use that URL itself, ${shownUrl(next)}`, {
      status,
    });
  if (hops === MAX_REDIRECTS)
    throw new ProbeFault('http', `${where} more than ${String(MAX_REDIRECTS)} times in a row`, { status });
  return next;
}

function once(
  connection: ProbeConnection,
  url: URL,
  request: ExchangeRequest,
  signal: AbortSignal | undefined,
): Promise<RawAnswer> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    let reader: AnswerReader | null = null;
    const sent = requestTo(connection, url, request);
    let settled = false;
    const settle = (action: () => void): void => {
      // What is destroyed fails once more, later: then the connection may be another request's already.
      if (settled) return;
      settled = true;
      timer.clear();
      signal?.removeEventListener('abort', abort);
      action();
    };
    const fail = (error: Error): void =>
      settle(() => {
        sent.destroy();
        if (connection.stage !== null) connection.destroy();
        reject(error);
      });
    const abort = (): void => fail(signal?.reason as Error);
    const { deadlineMs, answerByMs = deadlineMs } = request;
    const timer = new PatientTimer((byMs) => {
      if (connection.stage !== null && byMs < deadlineMs) timer.arm(deadlineMs);
      else fail(reader?.late(byMs) ?? lateAnswer(connection, url, request, byMs));
    });
    timer.arm(Math.min(answerByMs, deadlineMs));
    signal?.addEventListener('abort', abort, { once: true });
    sent.on('error', (error) => {
      if (reader !== null) return; // Its own close tells.
      if (error instanceof ProbeFault) {
        fail(error);
        return;
      }
      const { phase, message } = describeConnectionError(error, url, 'http');
      const Kind = sent.reusedSocket ? StaleConnection : ProbeFault;
      fail(new Kind(phase === 'http' ? request.silentPhase : phase, message));
    });
    sent.once('response', (response) => {
      reader = new AnswerReader(response, url, request, {
        done: (answer) => settle(() => resolve(answer)),
        failed: fail,
      });
    });
    sent.end(request.body ?? undefined);
  });
}

function requestTo(
  { agent }: ProbeConnection,
  url: URL,
  { method, headers, body }: ExchangeRequest,
): http.ClientRequest {
  const length = body === null ? {} : { 'content-length': String(Buffer.byteLength(body)) };
  return http.request({
    agent,
    host: url.hostname,
    port: url.port,
    path: `${url.pathname}${url.search}`,
    method,
    headers: { host: url.host, ...headers, ...length },
  });
}

/** No answer has begun: which stage of the connection is at fault, or the server behind it. */
function lateAnswer(
  connection: ProbeConnection,
  url: URL,
  { what, startedAtMs, silentPhase }: ExchangeRequest,
  byMs: number,
): ProbeFault {
  const within = `within ${shownTime(byMs - startedAtMs)}`;
  switch (connection.stage) {
    case 'dns':
      return new ProbeFault('dns', `the host name ${url.hostname} was not resolved ${within}`);
    case 'connect':
      return new ProbeFault(
        'connect',
        `${url.host} did not accept the connection ${within}, nor refuse it: a firewall, or no such machine`,
      );
    case 'tls':
      return new ProbeFault(
        'tls',
        `${url.host} accepted the connection, but did not finish the TLS handshake ${within}`,
      );
    case null:
      return new ProbeFault(
        silentPhase,
        `${shownUrl(url)} accepted the connection, but did not answer ${what} ${within}`,
      );
  }
}
