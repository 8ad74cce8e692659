import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { isDoubtful, isSampled, readAnswer, resultIdByForm, shown, type ReadAnswer } from './answer.ts';
import { channelNow } from './channel.ts';
import type { CallUnderWay, EncodedCall, ResumePoint } from './channel.ts';
import { EventReader, ResponseReader, type ResponseHead } from './http-response.ts';

export interface HttpCall {
  readonly id: number;
  readonly call: EncodedCall;
  readonly underWay: CallUnderWay;
  readonly sentAtMs: number;
  /** Sent again after a connection that had idled turned out closed. */
  retried: boolean;
}
export interface SocketOwner {
  readonly url: URL;
  /** The call's answer came, or will not; told once per call. */
  settled(sent: HttpCall, answer: Omit<ReadAnswer, 'id'>, bytes: number, parsed: boolean): void;
  /** The answer's stream ended before the answer and can be taken up again from there. */
  interrupted(sent: HttpCall, from: ResumePoint): void;
  /** The exchange is over and the connection can carry another. */
  free(socket: HttpSocket): void;
  /** The connection is gone; `unsent`: a call that surely did not reach the server. */
  gone(socket: HttpSocket, unsent: HttpCall | null): void;
  /** A message of the server's own within the answer's stream. */
  aside(data: string): void;
}

/** After this long a server may have closed an idle connection without our having noticed. */
const STALE_AFTER_MS = 1000;
/** Read by one socket at a time, and copied into text at once. */
const BUFFER: Buffer = Buffer.allocUnsafeSlow(65_536);

/** One connection, one exchange at a time. */
export class HttpSocket {
  readonly #owner: SocketOwner;
  readonly #socket: Socket;
  readonly #reader: ResponseReader;
  #events: EventReader | null = null;
  #sent: HttpCall | null = null;
  #busy = false;
  #answered = false;
  #body: string[] = [];
  #idleSinceMs = 0;
  #used = false;
  #failure = '';
  #isGone = false;

  constructor(owner: SocketOwner) {
    this.#owner = owner;
    this.#reader = new ResponseReader({
      piece: (text, head) => this.#piece(text, head),
      complete: (head) => this.#complete(head),
      broken: (why) => this.#break(why),
    });
    this.#socket = open(owner.url, (bytes) => this.#received(BUFFER.toString('latin1', 0, bytes)));
    this.#socket.setNoDelay(true);
    this.#socket.on('error', (error) => (this.#failure = error.message));
    this.#socket.on('end', () => this.#reader.ended());
    this.#socket.on('close', () => this.#closed());
  }

  send(sent: HttpCall): void {
    this.#sent = sent;
    this.#busy = true;
    this.#answered = false;
    const { before, after } = sent.call;
    this.#socket.write(before + String(sent.id) + after, 'latin1');
  }

  /** Closes the connection; the call on it is nobody's business any more. */
  drop(): void {
    this.#sent = null;
    this.#answered = true;
    this.#socket.destroy();
  }

  #received(text: string): void {
    // Nothing was asked: what a server says then (408 before it closes, say) is not an answer.
    if (this.#busy) this.#reader.push(text);
    else this.#socket.destroy();
  }

  #piece(text: string, head: ResponseHead): void {
    if (!head.isEventStream || head.status !== 200) {
      this.#body.push(text);
      return;
    }
    this.#events ??= new EventReader((data) => this.#event(data));
    this.#events.push(text);
  }

  #event(data: string): void {
    const sent = this.#sent;
    if (sent === null || this.#answered) return;
    if (this.#byForm(data, sent)) return;
    const answer = readAnswer(data);
    if (answer === null) this.#owner.aside(data);
    else if (answer.id === sent.id || answer.id === null) this.#settle(answer, data.length, true);
  }

  /** True when that was the answer and all is well by its form. */
  #byForm(text: string, sent: HttpCall): boolean {
    if (resultIdByForm(text, 0, text.length) !== sent.id || isSampled(sent.call) || isDoubtful(text))
      return false;
    this.#settle({ end: 'ok', message: null }, text.length, false);
    return true;
  }

  #complete(head: ResponseHead): void {
    const sent = this.#sent;
    const body = this.#body.length === 1 ? (this.#body[0] as string) : this.#body.join('');
    const events = this.#events;
    this.#body = [];
    this.#events = null;
    if (sent !== null && !this.#answered) this.#judge(head, body, sent, events);
    this.#sent = null;
    this.#busy = false;
    this.#used = true;
    if (head.isLast) {
      this.#socket.destroy();
      return;
    }
    this.#idleSinceMs = channelNow();
    this.#owner.free(this);
  }

  #judge(head: ResponseHead, body: string, sent: HttpCall, events: EventReader | null): void {
    if (head.isEventStream && head.status === 200) {
      // 2025-11-25 lets a server end the stream early; the client takes it up again from the last event's id.
      if (events !== null && events.lastEventId !== '') {
        this.#answered = true;
        this.#owner.interrupted(sent, { lastEventId: events.lastEventId, delayMs: events.retryMs ?? 0 });
        return;
      }
      const message = 'the server closed its event stream without answering';
      this.#settle({ end: 'connection', message }, 0, false);
      return;
    }
    if (head.status === 200 && this.#byForm(body, sent)) return;
    const answer = readAnswer(body);
    if (answer !== null) {
      const mine = answer.id === sent.id || answer.id === null;
      const strange = { end: 'invalid-answer', message: `it answered call ${answer.id} instead` } as const;
      this.#settle(mine ? answer : strange, body.length, true);
    } else if (head.status === 200) {
      const how =
        head.encoding === ''
          ? `is not JSON: ${shown(body.slice(0, 200))}`
          : `is compressed (${head.encoding}) unasked`;
      this.#settle({ end: 'invalid-answer', message: `the answer ${how}` }, body.length, true);
    } else {
      const said = shown(body.slice(0, 200));
      const message = `HTTP ${head.status}${said === '' ? '' : `: ${said}`}`;
      this.#settle({ end: 'http-error', message }, body.length, true);
    }
  }

  #settle(answer: Omit<ReadAnswer, 'id'>, bytes: number, parsed: boolean): void {
    const sent = this.#sent;
    if (sent === null || this.#answered) return;
    this.#answered = true;
    this.#owner.settled(sent, answer, bytes, parsed);
  }

  #break(why: string): void {
    this.#failure = why;
    this.#settle({ end: 'invalid-answer', message: why }, 0, false);
    this.#socket.destroy();
  }

  #closed(): void {
    if (this.#isGone) return;
    this.#isGone = true;
    const sent = this.#answered ? null : this.#sent;
    const stale =
      sent !== null &&
      !sent.retried &&
      this.#used &&
      this.#reader.isFresh &&
      sent.sentAtMs - this.#idleSinceMs > STALE_AFTER_MS;
    if (sent !== null && !stale) {
      const why = this.#failure === '' ? 'the server closed the connection without answering' : this.#failure;
      this.#settle({ end: 'connection', message: why }, 0, false);
    }
    this.#sent = null;
    this.#owner.gone(this, stale ? sent : null);
  }
}

function open(url: URL, received: (bytes: number) => void): Socket {
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const secure = url.protocol === 'https:';
  const port = Number(url.port === '' ? (secure ? 443 : 80) : url.port);
  if (!secure)
    return connect({
      host,
      port,
      onread: {
        buffer: BUFFER,
        callback: (bytes) => {
          received(bytes);
          return true;
        },
      },
    });
  const socket = connectTls({ host, port, servername: host, ALPNProtocols: ['http/1.1'] });
  socket.on('data', (chunk: Buffer) => {
    for (let from = 0; from < chunk.length; from += BUFFER.length)
      received(chunk.copy(BUFFER, 0, from, Math.min(chunk.length, from + BUFFER.length)));
  });
  return socket;
}
