import type { Writable } from 'node:stream';
import { subjectOf } from '../rpc-message.ts';
import {
  DOUBTFUL,
  FIRST_ID,
  isSampled,
  readAnswer,
  requestText,
  resultIdByForm,
  withMeta,
} from './answer.ts';
import { channelNow } from './channel.ts';
import type { CallChannel, CallUnderWay, EncodedCall } from './channel.ts';

interface Sent {
  readonly call: EncodedCall;
  readonly underWay: CallUnderWay;
  readonly sentAtMs: number;
}

export interface StdioChannelSetting {
  readonly stdin: Writable;
  /** Added to the parameters of every call (2026). */
  readonly meta: Readonly<Record<string, unknown>> | null;
  /** A line that is no answer to the channel's calls. */
  readonly pass: (line: Buffer) => void;
  /** Tells the server that a call is given up. */
  readonly cancel: (id: number) => void;
  /** What the channel replaces is to read again, from the start of a line that the channel has seen. */
  readonly closed: (rest: Buffer) => void;
}

/**
 * Newline-delimited JSON at full speed: what one turn of the event loop sends goes out in one write, and an answer of
 * the usual form is never copied.
 */
export class StdioChannel implements CallChannel {
  parsedAnswers = 0;
  readonly #setting: StdioChannelSetting;
  readonly #sent = new Map<number, Sent>();
  readonly #answers = new Map<string, { seen: number }>();
  #nextId = FIRST_ID;
  #outbox = '';
  #flushPlanned = false;
  #blocked = false;
  /** Of a line whose end has not come yet. */
  #parts: string[] = [];
  #death: string | null = null;

  constructor(setting: StdioChannelSetting) {
    this.#setting = setting;
  }

  get underWay(): number {
    return this.#sent.size;
  }

  encode(method: string, params: Readonly<Record<string, unknown>>): EncodedCall {
    const { meta } = this.#setting;
    const { before, after } = requestText(method, withMeta(params, meta));
    const name = subjectOf(method, params);
    let answers = this.#answers.get(name);
    if (answers === undefined) this.#answers.set(name, (answers = { seen: 0 }));
    return {
      method,
      params,
      before,
      after: `${after}\n`,
      bytes: before.length + after.length + 11,
      answers,
    };
  }

  send(call: EncodedCall, underWay: CallUnderWay, nowMs: number): void {
    if (this.#death !== null) {
      const why = this.#death;
      // Not at once: the caller would answer with its next call, for ever.
      setImmediate(() => underWay.ended('connection', channelNow(), 0, why));
      return;
    }
    const id = this.#nextId++;
    this.#sent.set(id, { call, underWay, sentAtMs: nowMs });
    this.#outbox += call.before + String(id) + call.after;
    if (this.#flushPlanned || this.#blocked) return;
    this.#flushPlanned = true;
    process.nextTick(() => this.#flush());
  }

  /** Bytes from the server's stdout. */
  received(chunk: Buffer): void {
    const text = chunk.toString('latin1');
    const atMs = channelNow();
    let start = 0;
    let newline = text.indexOf('\n');
    if (this.#parts.length > 0) {
      if (newline < 0) {
        this.#parts.push(text);
        return;
      }
      const line = this.#parts.join('') + text.slice(0, newline);
      this.#parts = [];
      this.#line(line, 0, line.length, atMs, true);
      start = newline + 1;
      newline = text.indexOf('\n', start);
    }
    // Looked for once per chunk: in most there is none.
    const doubtful = DOUBTFUL.some((word) => text.includes(word, start));
    for (; newline >= 0; newline = text.indexOf('\n', start)) {
      this.#line(text, start, newline, atMs, doubtful);
      start = newline + 1;
    }
    if (start < text.length) this.#parts.push(start === 0 ? text : text.slice(start));
  }

  expire(sentBeforeMs: number): void {
    // In the order of their sending, so the first that is young enough ends it.
    for (const [id, { underWay, sentAtMs }] of this.#sent) {
      if (sentAtMs >= sentBeforeMs) return;
      this.#sent.delete(id);
      this.#setting.cancel(id);
      underWay.ended('timeout', channelNow(), 0, 'no answer within the time allowed');
    }
  }

  abandon(): void {
    for (const id of this.#sent.keys()) this.#setting.cancel(id);
    this.#sent.clear();
  }

  died(message: string): void {
    this.#death ??= message;
    const lost = [...this.#sent.values()];
    this.#sent.clear();
    const atMs = channelNow();
    for (const { underWay } of lost) underWay.ended('connection', atMs, 0, message);
  }

  /** stdin takes bytes again. */
  drained(): void {
    this.#blocked = false;
    this.#flush();
  }

  close(): void {
    this.abandon();
    this.#flush();
    this.#setting.closed(Buffer.from(this.#parts.join(''), 'latin1'));
    this.#parts = [];
  }

  #flush(): void {
    this.#flushPlanned = false;
    if (this.#blocked || this.#outbox === '') return;
    const text = this.#outbox;
    this.#outbox = '';
    this.#blocked = !this.#setting.stdin.write(text, 'latin1');
  }

  #line(text: string, start: number, lineEnd: number, atMs: number, doubtful: boolean): void {
    const end = text.charCodeAt(lineEnd - 1) === 13 ? lineEnd - 1 : lineEnd;
    const id = resultIdByForm(text, start, end);
    const sent = id < 0 ? undefined : this.#sent.get(id);
    if (sent !== undefined && !isSampled(sent.call) && (!doubtful || !isDoubtfulLine(text, start, end))) {
      this.#sent.delete(id);
      sent.underWay.ended('ok', atMs, end - start, null);
      return;
    }
    this.#inFull(text.slice(start, end), atMs, sent === undefined ? null : id);
  }

  #inFull(line: string, atMs: number, idByForm: number | null): void {
    const answer = readAnswer(line);
    const id = answer?.id ?? idByForm;
    const sent = id === null ? undefined : this.#sent.get(id);
    if (id === null || sent === undefined) {
      this.#setting.pass(Buffer.from(line, 'latin1'));
      return;
    }
    this.parsedAnswers++;
    this.#sent.delete(id);
    if (answer === null) sent.underWay.ended('invalid-answer', atMs, line.length, 'the answer is not JSON');
    else sent.underWay.ended(answer.end, atMs, line.length, answer.message);
  }
}

function isDoubtfulLine(text: string, start: number, end: number): boolean {
  const line = text.slice(start, end);
  return DOUBTFUL.some((word) => line.includes(word));
}
