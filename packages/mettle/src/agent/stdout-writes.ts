import type { Writable } from 'node:stream';
import { agentWork } from './agent-work.ts';
import { awaitingReplies, currentCall, observing, replied } from './calls.ts';
import { HEAD_LENGTH, readMessageHead } from './message-head.ts';
import type { AgentStdoutWriter } from './protocol.ts';
import type { Serving } from './serving.ts';
import { silently } from './silently.ts';
import { captureSites, framesOf } from './stack.ts';

/** Writers told to Mettle: as many lines as the session itself keeps. */
const MAX_WRITERS = 50;
const SAMPLE_LENGTH = 200;

type Write = (this: Writable, ...args: unknown[]) => boolean;

/** Tells who writes to stdout what is no JSON-RPC message, where stdout is the channel. */
export function hookStdout(serving: Serving): void {
  const own = Object.getOwnPropertyDescriptor(process, 'stdout');
  const get = own?.get;
  if (own === undefined || get === undefined) return;
  const writers = new StdoutWriters(serving);
  serving.whenKnown.push(() => writers.tellHeld());
  let patched = false;
  Object.defineProperty(process, 'stdout', {
    ...own,
    get(): Writable {
      const stream = get.call(process) as Writable;
      if (!patched) {
        patched = true;
        silently(() => patchWrite(stream, serving, writers));
      }
      return stream;
    },
  });
}

function patchWrite(stream: Writable, serving: Serving, writers: StdoutWriters): void {
  const write = stream.write as Write;
  stream.write = function (this: Writable, ...args: unknown[]): boolean {
    if (serving.attached && (serving.overStdio || !serving.known)) {
      try {
        writers.look(args[0]);
      } catch {
        // The server's write goes on.
      }
      if (observing()) silently(() => noteReply(args[0]));
    }
    return write.apply(this, args);
  };
}

function noteReply(chunk: unknown): void {
  const call = currentCall();
  if (call === null) return;
  call.used = true;
  if (!awaitingReplies()) return;
  const head =
    typeof chunk === 'string'
      ? chunk.slice(0, HEAD_LENGTH)
      : Buffer.isBuffer(chunk)
        ? chunk.toString('utf8', 0, HEAD_LENGTH)
        : '';
  if (readMessageHead(head).kind === 'reply') replied(call);
}

class StdoutWriters {
  readonly #serving: Serving;
  /** What was written before it was known whether stdout is the channel. */
  #held: AgentStdoutWriter[] = [];
  #count = 0;
  #atLineStart = true;

  constructor(serving: Serving) {
    this.#serving = serving;
  }

  /** Looks at two characters: one write is nearly always one message. */
  look(chunk: unknown): void {
    let first: number | undefined;
    let last: number | undefined;
    if (typeof chunk === 'string') {
      first = chunk.charCodeAt(0);
      last = chunk.charCodeAt(chunk.length - 1);
    } else if (chunk instanceof Uint8Array) {
      first = chunk[0];
      last = chunk[chunk.length - 1];
    } else return;
    // The rest of a message written in several pieces is no line of its own.
    const startsLine = this.#atLineStart;
    if (chunk.length > 0) this.#atLineStart = last === 10;
    if (!startsLine || first === 123 || first === 91 || this.#count >= MAX_WRITERS) return;
    const sample = (
      typeof chunk === 'string' ? chunk : Buffer.from(chunk).toString('utf8', 0, 4 * SAMPLE_LENGTH)
    ).trim();
    if (sample !== '') this.#tell(sample.slice(0, SAMPLE_LENGTH));
  }

  tellHeld(): void {
    if (this.#serving.overStdio) for (const writer of this.#held) this.#serving.send(writer);
    else this.#count = MAX_WRITERS;
    this.#held = [];
  }

  #tell(sample: string): void {
    this.#count++;
    const writer: AgentStdoutWriter = {
      type: 'stdout-writer',
      subject: currentCall()?.subject ?? null,
      sample,
      stack: framesOf(captureSites(StdoutWriters.prototype.look)),
    };
    if (this.#serving.known) agentWork(() => this.#serving.send(writer));
    else this.#held.push(writer);
  }
}
