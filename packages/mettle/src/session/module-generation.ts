import { Readable, Writable } from 'node:stream';
import { isObject } from './rpc-message.ts';

/** The lines by which the client introduced itself; made again with each generation. */
export interface Handshake {
  initialize: string | null;
  initialized: string | null;
}

const realStdout = process.stdout;

/** One life of a server within a process: a stdin and a stdout of its own, between which and the real ones lines go. */
export class Generation {
  readonly handshake: Handshake;
  /** Settles once the handshake has been made again; at once when there was none. */
  readonly shaken: Promise<void>;
  readonly #stdin = new Readable({ read: () => undefined });
  readonly #stdout: Writable;
  /** The answer to our repeated `initialize` is not the client's to see. */
  #swallowed: unknown = null;
  #abandoned = false;
  #partial = '';
  #shake: () => void = () => undefined;

  constructor(handshake: Handshake | null) {
    this.handshake = handshake ?? { initialize: null, initialized: null };
    this.#stdout = new Writable({
      decodeStrings: false,
      write: (chunk: string | Buffer, _encoding, done) => {
        this.#written(chunk.toString());
        done();
      },
    });
    const { initialize } = this.handshake;
    this.shaken = initialize === null ? Promise.resolve() : this.#repeat(initialize);
  }

  /** Becomes what `process.stdin` and `process.stdout` are to whoever looks from now on. */
  take(): void {
    for (const [name, value] of [
      ['stdin', this.#stdin],
      ['stdout', this.#stdout],
    ] as const)
      Object.defineProperty(process, name, { value, configurable: true, enumerable: true });
  }

  receive(line: string, message: Readonly<Record<string, unknown>> | null): void {
    if (message?.['method'] === 'initialize') this.handshake.initialize = line;
    if (message?.['method'] === 'notifications/initialized') this.handshake.initialized = line;
    this.#stdin.push(`${line}\n`);
  }

  /** Past the server, to the client. */
  write(text: string): void {
    realStdout.write(text);
  }

  /** What it still writes is nobody's. Its stdin stays open: servers end their process when that ends. */
  abandon(): void {
    this.#abandoned = true;
  }

  end(): void {
    this.#stdin.push(null);
  }

  #repeat(initialize: string): Promise<void> {
    const message: unknown = JSON.parse(initialize);
    this.#swallowed = isObject(message) ? message['id'] : null;
    this.#stdin.push(`${initialize}\n`);
    return new Promise((resolve) => {
      this.#shake = resolve;
    });
  }

  #written(text: string): void {
    if (this.#abandoned) return;
    if (this.#swallowed === null) {
      realStdout.write(text);
      return;
    }
    const lines = (this.#partial + text).split('\n');
    this.#partial = lines.pop() ?? '';
    for (const line of lines) if (!this.#swallow(line)) realStdout.write(`${line}\n`);
    if (this.#swallowed !== null || this.#partial === '') return;
    realStdout.write(this.#partial);
    this.#partial = '';
  }

  #swallow(line: string): boolean {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return false;
    }
    if (!isObject(message) || message['id'] !== this.#swallowed || 'method' in message) return false;
    this.#swallowed = null;
    const { initialized } = this.handshake;
    if (initialized !== null) this.#stdin.push(`${initialized}\n`);
    this.#shake();
    return true;
  }
}
