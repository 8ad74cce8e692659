import type { Era, ReachPhase } from '../evidence/index.ts';
import { redactText } from '../evidence/index.ts';
import type { CallChannel } from './channel/channel.ts';
import { StdioChannel } from './channel/stdio-channel.ts';
import { settlesWithin } from './clock.ts';
import { describeExit, lastWords, quoteShort } from './fault-sentences.ts';
import { LineSplitter, MAX_MESSAGE_BYTES } from './line-splitter.ts';
import type { Peer } from './peer.ts';
import type { NoiseLine } from './session.ts';
import type { StartedProcess } from './started-process.ts';
import type { JsonObject } from './rpc-message.ts';
import type { Fault, Outgoing, Wire } from './wire.ts';

const KEPT_NOISE_LINES = 50;
const NOISE_CHARACTERS = 200;
/** How long the last answers may take from a dead process's pipe to us, and a process to die after closing its pipes. */
const LAST_BYTES_MS = 500;

/** Newline-delimited JSON over a child's stdin and stdout. */
export class StdioWire implements Wire {
  readonly cancelsByNotification = true;
  readonly process: StartedProcess;
  readonly #peer: Peer;
  #outbox: Outgoing[] = [];
  #blocked = false;
  #handshaken = false;
  #messages = 0;
  #noiseCount = 0;
  readonly #noise: NoiseLine[] = [];
  readonly #lines: LineSplitter;
  #channel: StdioChannel | null = null;

  constructor(started: StartedProcess, peer: Peer) {
    this.process = started;
    this.#peer = peer;
    const lines = new LineSplitter(
      (line) => this.#read(line),
      () =>
        peer.died({
          phase: 'handshake',
          message: `the server wrote a line of more than ${String(MAX_MESSAGE_BYTES / 2 ** 20)} MB to stdout`,
        }),
    );
    this.#lines = lines;
    started.stdout.on('data', (chunk: Buffer) => this.#received(chunk));
    const ended = new Promise<void>((resolve) => {
      started.stdout.once('close', resolve);
    });
    void ended.then(() => lines.end());
    void this.#watch(ended);
    started.stdin.on('drain', () => {
      this.#flush();
      this.#channel?.drained();
    });
  }

  get noise(): { readonly count: number; readonly lines: readonly NoiseLine[]; readonly messages: number } {
    return { count: this.#noiseCount, lines: this.#noise, messages: this.#messages };
  }

  send(message: Outgoing): void {
    if (this.#blocked) this.#outbox.push(message);
    else this.#write(message);
  }

  abandon(id: number): ReachPhase | null {
    this.#outbox = this.#outbox.filter((message) => message.id !== id);
    return null;
  }

  settle(_era: Era, protocolVersion: string | null): void {
    this.#handshaken = protocolVersion !== null;
  }

  openChannel(meta: JsonObject | null): CallChannel {
    const channel = new StdioChannel({
      stdin: this.process.stdin,
      meta,
      pass: (line) => this.#read(line),
      cancel: (id) => {
        const params = { requestId: id, reason: 'Mettle no longer waits for it' };
        this.#peer.notify('notifications/cancelled', params);
      },
      closed: (rest) => {
        this.#channel = null;
        this.#lines.push(rest);
      },
    });
    this.#channel = channel;
    return channel;
  }

  close(): Promise<void> {
    return this.process.stop();
  }

  #write(message: Outgoing): void {
    this.#blocked = !this.process.stdin.write(`${message.text}\n`);
  }

  #flush(): void {
    this.#blocked = false;
    const waiting = this.#outbox;
    this.#outbox = [];
    for (const message of waiting) this.send(message);
  }

  #received(chunk: Buffer): void {
    if (this.#channel === null || this.#lines.isWithinLine) this.#lines.push(chunk);
    else this.#channel.received(chunk);
  }

  #read(line: Buffer): void {
    let value: unknown;
    try {
      value = JSON.parse(line.toString('utf8'));
    } catch {
      value = undefined;
    }
    if (value !== undefined && this.#peer.received(value, line.length, null)) this.#messages += 1;
    else this.#hearNoise(line);
  }

  #hearNoise(line: Buffer): void {
    this.#noiseCount += 1;
    if (this.#noise.length >= KEPT_NOISE_LINES) return;
    const text = redactText(
      line
        .subarray(0, NOISE_CHARACTERS * 4)
        .toString('utf8')
        .trimEnd()
        .slice(0, NOISE_CHARACTERS),
    );
    const calls = this.#peer.inFlight();
    const during = this.#handshaken ? calls.slice(0, 3).join(', ') || 'no call in flight' : 'start-up';
    this.#noise.push({ text, during });
  }

  /** Tells the peer once no more answers can come. */
  async #watch(ended: Promise<void>): Promise<void> {
    await Promise.race([ended, this.process.exited]);
    if (this.process.exit === null) await settlesWithin(this.process.exited, LAST_BYTES_MS);
    else await settlesWithin(ended, LAST_BYTES_MS);
    const { exit } = this.process;
    const what = exit === null ? 'closed its stdout while it went on running' : describeExit(exit);
    const when = this.#handshaken ? '' : ' before it answered';
    const fault: Fault = {
      // A process that ends before it said anything never became a server.
      phase: exit === null || this.#handshaken ? 'handshake' : 'spawn',
      message: `the server ${what}${when}${this.wroteInstead()}${lastWords(this.process.stderrTail())}`,
    };
    this.#peer.died(fault);
    this.#channel?.died(fault.message);
  }

  /** What it wrote while it sent no message at all, as the end of a sentence; empty otherwise. */
  wroteInstead(): string {
    const first = this.#noise.find((line) => line.text !== '');
    return this.#messages > 0 || first === undefined
      ? ''
      : `; it wrote ${quoteShort(first.text)} to stdout instead of JSON-RPC`;
  }
}
