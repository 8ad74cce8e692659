import type { ResumedListener } from '../resumed-stream.ts';
import { subjectOf } from '../rpc-message.ts';
import { FIRST_ID, ID_DIGITS, readAnswer, requestText, withMeta, type ReadAnswer } from './answer.ts';
import { channelNow } from './channel.ts';
import type { CallChannel, CallUnderWay, EncodedCall, ResumePoint } from './channel.ts';
import { HttpSocket, type HttpCall, type SocketOwner } from './http-socket.ts';

export interface HttpChannelSetting {
  readonly url: URL;
  /** Header fields of a request besides those of its body. */
  readonly headers: (
    method: string,
    params: Readonly<Record<string, unknown>>,
  ) => Readonly<Record<string, string>>;
  /** Added to the parameters of every call (2026). */
  readonly meta: Readonly<Record<string, unknown>> | null;
  /** A message of the server's own within an answer's stream. */
  readonly aside: (data: string) => void;
  /** Takes an answer's stream up again; returns what gives it up. Null where the protocol has no such thing. */
  readonly resume: ((from: ResumePoint, listener: ResumedListener) => () => void) | null;
  /** Tells the server that a call is given up, where closing its connection does not. */
  readonly cancel: (id: number) => void;
}

/** Further calls wait for a free connection: below what operating systems give a process by default. */
const MOST_SOCKETS = 900;

interface UnderWay {
  readonly sent: HttpCall;
  /** Null while the call waits for a connection, and when its stream is taken up again. */
  socket: HttpSocket | null;
  /** Gives up the stream that was taken up again; null while there is none. */
  giveUp: (() => void) | null;
}

/** HTTP/1.1 at full speed: one text per request, made once but for the id, on kept-alive connections of our own. */
export class HttpChannel implements CallChannel, SocketOwner {
  parsedAnswers = 0;
  readonly url: URL;
  readonly #setting: HttpChannelSetting;
  readonly #sockets = new Set<HttpSocket>();
  readonly #free: HttpSocket[] = [];
  readonly #sent = new Map<number, UnderWay>();
  #waiting: HttpCall[] = [];
  readonly #answers = new Map<string, { seen: number }>();
  #nextId = FIRST_ID;
  #closed = false;

  constructor(setting: HttpChannelSetting) {
    this.#setting = setting;
    this.url = setting.url;
  }

  get underWay(): number {
    return this.#sent.size;
  }

  encode(method: string, params: Readonly<Record<string, unknown>>): EncodedCall {
    const { meta, url } = this.#setting;
    const body = requestText(method, withMeta(params, meta));
    const length = body.before.length + ID_DIGITS + body.after.length;
    const fields = Object.entries({
      host: url.host,
      connection: 'keep-alive',
      'content-type': 'application/json',
      accept: 'application/json, text/event-stream',
      ...this.#setting.headers(method, params),
      'content-length': String(length),
    }).map(([name, value]) => `${name}: ${value.replaceAll(/[\r\n\0]/g, ' ')}\r\n`);
    const head = `POST ${url.pathname}${url.search} HTTP/1.1\r\n${fields.join('')}\r\n`;
    const name = subjectOf(method, params);
    let answers = this.#answers.get(name);
    if (answers === undefined) this.#answers.set(name, (answers = { seen: 0 }));
    const before = head + body.before;
    return { method, params, before, after: body.after, bytes: head.length + length, answers };
  }

  send(call: EncodedCall, underWay: CallUnderWay, nowMs: number): void {
    this.#start({ id: this.#nextId++, call, underWay, sentAtMs: nowMs, retried: false });
  }

  expire(sentBeforeMs: number): void {
    for (const [id, { sent, socket, giveUp }] of this.#sent) {
      if (sent.sentAtMs >= sentBeforeMs) return;
      this.#sent.delete(id);
      socket?.drop();
      giveUp?.();
      if (socket === null && giveUp === null)
        this.#waiting = this.#waiting.filter((waiting) => waiting !== sent);
      else this.#setting.cancel(id);
      sent.underWay.ended('timeout', channelNow(), 0, 'no answer within the time allowed');
    }
  }

  abandon(): void {
    const left = [...this.#sent.entries()];
    this.#sent.clear();
    this.#waiting = [];
    for (const [id, { socket, giveUp }] of left) {
      socket?.drop();
      giveUp?.();
      if (socket !== null || giveUp !== null) this.#setting.cancel(id);
    }
  }

  close(): void {
    this.#closed = true;
    this.abandon();
    for (const socket of this.#sockets) socket.drop();
  }

  settled(sent: HttpCall, answer: Omit<ReadAnswer, 'id'>, bytes: number, parsed: boolean): void {
    if (!this.#sent.delete(sent.id)) return;
    if (parsed) this.parsedAnswers++;
    sent.underWay.ended(answer.end, channelNow(), bytes, answer.message);
  }

  interrupted(sent: HttpCall, from: ResumePoint): void {
    const underWay = this.#sent.get(sent.id);
    if (underWay === undefined) return;
    const lost = (message: string): void => this.settled(sent, { end: 'connection', message }, 0, false);
    const { resume } = this.#setting;
    if (resume === null) {
      lost('the server closed its event stream without answering');
      return;
    }
    underWay.socket = null;
    underWay.giveUp = resume(from, {
      event: (data) => this.#resumed(data, sent),
      over: (next, why) => {
        if (!this.#sent.has(sent.id)) return;
        if (next === null) lost(why);
        else this.interrupted(sent, next);
      },
    });
  }

  #resumed(data: string, sent: HttpCall): void {
    const text = Buffer.from(data, 'utf8').toString('latin1');
    const answer = readAnswer(text);
    if (answer === null) this.#setting.aside(data);
    else if (answer.id === sent.id || answer.id === null) this.settled(sent, answer, text.length, true);
  }

  free(socket: HttpSocket): void {
    const next = this.#waiting.shift();
    if (next === undefined) this.#free.push(socket);
    else this.#carry(next, socket);
  }

  gone(socket: HttpSocket, unsent: HttpCall | null): void {
    this.#sockets.delete(socket);
    const at = this.#free.indexOf(socket);
    if (at >= 0) this.#free.splice(at, 1);
    if (this.#closed) return;
    if (unsent !== null && this.#sent.has(unsent.id)) {
      unsent.retried = true;
      this.#start(unsent);
    } else {
      const next = this.#waiting.shift();
      if (next !== undefined) this.#start(next);
    }
  }

  aside(data: string): void {
    this.#setting.aside(Buffer.from(data, 'latin1').toString('utf8'));
  }

  #start(sent: HttpCall): void {
    let socket = this.#free.pop();
    if (socket === undefined && this.#sockets.size < MOST_SOCKETS) {
      socket = new HttpSocket(this);
      this.#sockets.add(socket);
    }
    if (socket === undefined) {
      this.#sent.set(sent.id, { sent, socket: null, giveUp: null });
      this.#waiting.push(sent);
    } else this.#carry(sent, socket);
  }

  #carry(sent: HttpCall, socket: HttpSocket): void {
    const known = this.#sent.get(sent.id);
    if (known === undefined) this.#sent.set(sent.id, { sent, socket, giveUp: null });
    else known.socket = socket;
    socket.send(sent);
  }
}
