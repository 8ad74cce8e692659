import type { Readable } from 'node:stream';
import { beginCall, observing } from './calls.ts';
import type { Call } from './calls.ts';
import { contextIsLost, runUntilContextFollows } from './json-requests.ts';
import { knownRequestHead, readRequestHead } from './known-requests.ts';
import { HEAD_LENGTH, subjectOf } from './message-head.ts';
import type { MessageHead } from './message-head.ts';
import type { Serving } from './serving.ts';
import { silently } from './silently.ts';

/** Method and name of a message stand within these bytes, unless something long comes before them. */
const FIRST_LOOK = 512;

type Chunk = string | Buffer;
type Emit = (this: Readable, event: string | symbol, ...args: unknown[]) => boolean;

/** Sees MCP messages on stdin. `process.stdin` stays untouched until somebody asks for it: wrappers never do. */
export function hookStdin(serving: Serving): void {
  const own = Object.getOwnPropertyDescriptor(process, 'stdin');
  const get = own?.get;
  if (own === undefined || get === undefined) return;
  let patched = false;
  Object.defineProperty(process, 'stdin', {
    ...own,
    get(): Readable {
      const stream = get.call(process) as Readable;
      if (!patched) {
        patched = true;
        silently(() => patchEmit(stream, serving));
      }
      return stream;
    },
  });
}

function patchEmit(stream: Readable, serving: Serving): void {
  const emit = stream.emit as Emit;
  const messages = new MessageStream();
  stream.emit = function (this: Readable, ...args: Parameters<Emit>): boolean {
    if (args[0] !== 'data' || (serving.known && !observing())) return emit.apply(this, args);
    const chunk = args[1] as Chunk;
    if (!serving.known) silently(() => detect(chunk, serving));
    // Readers by 'readable' or iteration take the chunk from read(), whatever is emitted.
    if (!observing() || contextIsLost() || this.listenerCount('data') === 0) {
      messages.restart();
      return emit.apply(this, args);
    }
    return messages.deliver(this, emit, chunk);
  };
}

function detect(chunk: Chunk, serving: Serving): void {
  const head = typeof chunk === 'string' ? chunk.slice(0, HEAD_LENGTH) : chunk.subarray(0, HEAD_LENGTH);
  if (head.includes('"jsonrpc"')) serving.sawMessage('stdio');
}

/** Cuts the stream at newlines, so that each message is delivered within its own call. The bytes stay the same. */
class MessageStream {
  #head = '';
  #call: Call | null = null;
  #decided = false;

  /** Forgets a half-read message. */
  restart(): void {
    this.#head = '';
    this.#call = null;
    this.#decided = false;
  }

  deliver(stream: Readable, emit: Emit, chunk: Chunk): boolean {
    let result = true;
    let from = 0;
    while (from < chunk.length) {
      // Found out at the first message of this very chunk: the rest goes on as it came.
      if (contextIsLost()) return emit.call(stream, 'data', cut(chunk, from, chunk.length));
      const newline = typeof chunk === 'string' ? chunk.indexOf('\n', from) : chunk.indexOf(10, from);
      const ended = newline >= 0;
      const to = ended ? newline + 1 : chunk.length;
      const piece = from === 0 && to === chunk.length ? chunk : cut(chunk, from, to);
      try {
        this.#read(piece, ended);
      } catch {
        // The server reads on, whatever became of ours.
      }
      const call = this.#call;
      if (ended) this.restart();
      from = to;
      try {
        result =
          call === null
            ? emit.call(stream, 'data', piece)
            : runUntilContextFollows(call, () => emit.call(stream, 'data', piece));
      } catch (error) {
        // Without us the listener would have had the whole chunk before it threw.
        if (from < chunk.length) silently(() => stream.unshift(cut(chunk, from, chunk.length)));
        throw error;
      }
      if (from < chunk.length && stream.listenerCount('data') === 0) {
        silently(() => stream.unshift(cut(chunk, from, chunk.length)));
        return result;
      }
    }
    return result;
  }

  #read(piece: Chunk, ended: boolean): void {
    if (this.#decided) return;
    // Nearly always a whole message that tells at once what it is: no more of it is decoded.
    const isWhole = ended && this.#head === '';
    if (isWhole && this.#decide(headOf(piece), piece.length <= FIRST_LOOK)) return;
    this.#head += textOf(piece, HEAD_LENGTH - this.#head.length);
    this.#decide(readRequestHead(this.#head), ended || this.#head.length >= HEAD_LENGTH);
  }

  /** Begins the call that `head` tells of; `final`: no more of it will come. Whether it is known now. */
  #decide({ kind, method, name }: MessageHead, final: boolean): boolean {
    if (kind === 'batch') {
      this.#call = beginCall(null, { batch: true });
    } else {
      const complete = method !== null && (method !== 'tools/call' || name !== null);
      if (!complete && !final) return false;
      const subject = subjectOf(method, name);
      if (subject !== null) this.#call = beginCall(subject);
    }
    this.#decided = true;
    this.#head = '';
    return true;
  }
}

/** By the beginning of a whole message. */
function headOf(piece: Chunk): MessageHead {
  return (
    (typeof piece === 'string' ? null : knownRequestHead(piece)) ?? readRequestHead(textOf(piece, FIRST_LOOK))
  );
}

function textOf(piece: Chunk, length: number): string {
  return typeof piece === 'string' ? piece.slice(0, length) : piece.toString('utf8', 0, length);
}

function cut(chunk: Chunk, from: number, to: number): Chunk {
  return typeof chunk === 'string' ? chunk.slice(from, to) : chunk.subarray(from, to);
}
