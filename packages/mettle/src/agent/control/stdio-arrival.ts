import type { Readable, Writable } from 'node:stream';
import { silently } from '../silently.ts';
import { held, hold } from './held-steps.ts';
import { currentLane, enterLane } from './lane.ts';
import type { Lane } from './lane.ts';
import { partsOf, readMessage } from './message-lines.ts';
import { native } from './natives.ts';
import { awaitFrom } from './quiescence.ts';
import { answer, arrive, inTrial, laneOfRequest } from './trial.ts';

/*
 * Messages over stdin and stdout: racing requests are held when they arrive, and so are the client's answers to what
 * the server asks.
 */

const NEWLINE = 10;
/** Requests of the server's that the client has not answered, with the lane that asked. */
const asked = new Map<string, Lane>();
const keyOf = (id: unknown): string => `${typeof id}:${String(id)}`;

/** Wraps process.stdin and process.stdout, when somebody asks for them. */
export function controlStdio(): void {
  onFirstUse('stdin', (stream) => holdArrivals(stream as Readable));
  onFirstUse('stdout', (stream) => seeAnswers(stream as Writable));
  silently(beginLanesAtParse);
  awaitFrom({
    name: 'an answer of the client',
    patienceMs: 2_000,
    awaited: () => asked.size,
    giveUp: () => asked.clear(),
  });
}

function onFirstUse(name: 'stdin' | 'stdout', patch: (stream: unknown) => void): void {
  const own = Object.getOwnPropertyDescriptor(process, name);
  const get = own?.get;
  if (own === undefined || get === undefined) return;
  let patched = false;
  Object.defineProperty(process, name, {
    ...own,
    get(): unknown {
      const stream: unknown = get.call(process);
      if (!patched) {
        patched = true;
        silently(() => patch(stream));
      }
      return stream;
    },
  });
}

type Push = (this: Readable, chunk: unknown, encoding?: BufferEncoding) => boolean;

function holdArrivals(stream: Readable): void {
  const push = stream.push as Push;
  let rest: Buffer = Buffer.alloc(0);
  stream.push = function (this: Readable, ...args: Parameters<Push>): boolean {
    const [chunk, encoding] = args;
    if (chunk === null || chunk === undefined) {
      if (rest.length > 0) push.call(this, rest);
      rest = Buffer.alloc(0);
      return push.apply(this, args);
    }
    const bytes = typeof chunk === 'string' ? Buffer.from(chunk, encoding) : (chunk as Buffer);
    if (!inTrial() && rest.length === 0) return push.apply(this, args);
    let result = true;
    const lines = rest.length === 0 ? bytes : Buffer.concat([rest, bytes]);
    let from = 0;
    for (let end = lines.indexOf(NEWLINE); end >= 0; end = lines.indexOf(NEWLINE, from)) {
      const line = lines.subarray(from, end + 1);
      from = end + 1;
      result = deliverLine(line, () => push.call(this, line)) && result;
    }
    rest = Buffer.from(lines.subarray(from));
    return result;
  };
}

/** Hands a line to the server, at once or when the schedule says so. */
function deliverLine(line: Buffer, push: () => boolean): boolean {
  const message = readMessage(line.toString());
  if (message === null) return push();
  if (message.method === null) {
    const lane = asked.get(keyOf(message.id));
    if (lane === undefined) return push();
    asked.delete(keyOf(message.id));
    hold({ kind: 'client.answer', resource: null, writes: false }, { phase: 'delivery', lane }, () => {
      silently(push);
    });
    return true;
  }
  const lane = message.id === undefined ? null : laneOfRequest(message.id);
  if (lane === null || lane.started) return push();
  let result = true;
  arrive(lane, message.subject, () => {
    result = push();
  });
  return result;
}

type Write = (this: Writable, ...args: unknown[]) => boolean;

function seeAnswers(stream: Writable): void {
  const write = stream.write as Write;
  let rest = '';
  stream.write = function (this: Writable, ...args: unknown[]): boolean {
    if (inTrial()) {
      silently(() => {
        const [chunk] = args;
        const text = typeof chunk === 'string' ? chunk : Buffer.from(chunk as Uint8Array).toString();
        const lines = (rest + text).split('\n');
        rest = lines.pop() ?? '';
        for (const line of lines) seeWritten(line);
      });
    } else rest = '';
    return write.apply(this, args);
  };
}

/** A line that the server wrote: an answer, or a question to the client. */
function seeWritten(line: string): void {
  const message = readMessage(line);
  if (message === null || message.id === undefined) return;
  if (message.method !== null) {
    if (held.on) asked.set(keyOf(message.id), currentLane());
    return;
  }
  const lane = laneOfRequest(message.id);
  if (lane !== null) answer(lane);
}

/** Servers that read lines by iteration leave the lane at once: for them it begins where the line is parsed. */
function beginLanesAtParse(): void {
  const parse = function (this: unknown, ...args: Parameters<typeof JSON.parse>): unknown {
    const value: unknown = Reflect.apply(native.parse, this, args);
    if (held.on) {
      silently(() => {
        const message = partsOf(value);
        if (message === null || message.method === null || message.id === undefined) return;
        const lane = laneOfRequest(message.id);
        if (lane !== null && lane.started && !lane.answered && currentLane().index < 0) enterLane(lane);
      });
    }
    return value;
  };
  Object.defineProperty(parse, 'name', { value: 'parse' });
  Object.defineProperty(parse, 'length', { value: 2 });
  JSON.parse = parse;
}
