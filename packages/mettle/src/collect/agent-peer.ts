import type { Socket } from 'node:net';
import type { ControlAnswers, ControlRequest } from '../agent/control-protocol.ts';
import type { HeapAnswers, HeapRequest } from '../agent/heap-protocol.ts';
import type {
  AgentCommand,
  AgentCounters,
  AgentHello,
  AgentMessage,
  AgentServing,
  AgentVitals,
  BlockingOptions,
  BlockingRecord,
  InstrumentName,
  MemoryWatchOptions,
  MemoryWatchRecord,
  OverlapAnswer,
  OverlapOptions,
  ScriptsAnswer,
  WantedScripts,
  WaitingAnswer,
  WaitingOptions,
} from '../agent/protocol.ts';

/** Bytes of one message that are accepted: a CPU profile of some minutes has 50 MB; more is no agent of ours. */
const MAX_MESSAGE_BYTES = 512 * 1024 * 1024;

export interface InstrumentOptions {
  readonly blocking: BlockingOptions;
  readonly overlap: OverlapOptions;
  readonly waiting: WaitingOptions;
  readonly memory: MemoryWatchOptions;
}
export interface InstrumentRecords {
  readonly blocking: BlockingRecord;
  readonly overlap: OverlapAnswer;
  readonly waiting: WaitingAnswer;
  readonly memory: MemoryWatchRecord;
}

/** The agent inside the server. Its methods reject with one sentence when the agent refuses or is gone. */
export interface ServingAgent {
  readonly pid: number;
  readonly node: string;
  readonly instruments: readonly InstrumentName[];
  readonly via: AgentServing['via'];
  /** Null until the server's SDK is known. */
  readonly sdk: AgentServing['sdk'];
  /** One instrument at a time. */
  start<K extends InstrumentName>(instrument: K, options: InstrumentOptions[K]): Promise<void>;
  stop<K extends InstrumentName>(instrument: K): Promise<InstrumentRecords[K]>;
  counters(): Promise<AgentCounters>;
  /** The text of scripts as V8 compiled it; stops the server's event loop for a moment. */
  scripts(wanted: WantedScripts): Promise<ScriptsAnswer>;
  /** Begins to watch garbage and the event loop's delay. */
  beginVitals(): Promise<void>;
  /** What was seen since `beginVitals`. */
  endVitals(): Promise<AgentVitals>;
  /** Asks about the heap; but for `snapshot`, only of a server that is killed afterwards. */
  heap<A extends HeapRequest['ask']>(request: HeapRequest & { readonly ask: A }): Promise<HeapAnswers[A]>;
  /** Orders events in a server that was started to be raced. */
  control<K extends ControlRequest['kind']>(
    request: ControlRequest & { readonly kind: K },
  ): Promise<ControlAnswers[K]>;
  /** Settles when the process has gone, or the channel was closed. */
  readonly closed: Promise<void>;
}

interface Pending {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}
type Unnumbered = AgentCommand extends infer C ? (C extends AgentCommand ? Omit<C, 'id'> : never) : never;

/** One connected agent, of the server or of a wrapper. */
export class AgentPeer {
  readonly closed: Promise<void>;
  /** Null while the process has not turned out to be the server, and after it has gone. */
  serving: ServingAgent | null = null;
  readonly #socket: Socket;
  readonly #heard: (message: AgentMessage) => void;
  readonly #pending = new Map<number, Pending>();
  #hello: AgentHello | null = null;
  #announced: AgentServing | null = null;
  #lastId = 0;

  constructor(socket: Socket, heard: (message: AgentMessage) => void) {
    this.#socket = socket;
    this.#heard = heard;
    socket.on('error', () => {});
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.#gone();
        resolve();
      });
    });
    readLines(socket, (line) => this.#read(line));
  }

  /** Detaches the agent; cut off when it does not hang up in time. */
  async sayGoodbye(patienceMs: number): Promise<void> {
    this.#write({ id: 0, do: 'goodbye' });
    const timer = setTimeout(() => this.#socket.destroy(), patienceMs);
    await this.closed;
    clearTimeout(timer);
  }

  #read(line: Buffer): void {
    let message: AgentMessage;
    try {
      message = JSON.parse(line.toString('utf8')) as AgentMessage;
    } catch {
      // Half a line of a process that was killed while it wrote.
      return;
    }
    if (message.type === 'reply') {
      const pending = this.#pending.get(message.id);
      this.#pending.delete(message.id);
      if (message.error === undefined) pending?.resolve(message.result);
      else pending?.reject(new Error(`The agent in the server refused: ${message.error}.`));
      return;
    }
    if (message.type === 'hello') this.#hello = message;
    if (message.type === 'serving') {
      this.#announced = message;
      if (this.#hello !== null) this.serving ??= this.#asServing(this.#hello);
    }
    this.#heard(message);
  }

  #asServing(hello: AgentHello): ServingAgent {
    const announced = (): AgentServing => this.#announced ?? { type: 'serving', via: 'stdio', sdk: null };
    return {
      pid: hello.pid,
      node: hello.node,
      instruments: hello.instruments,
      get via() {
        return announced().via;
      },
      get sdk() {
        return announced().sdk;
      },
      start: async (instrument, options) => {
        await this.#ask({ do: 'start', instrument, options } as Unnumbered);
      },
      stop: async <K extends InstrumentName>(instrument: K) =>
        (await this.#ask({ do: 'stop', instrument })) as InstrumentRecords[K],
      beginVitals: async () => {
        await this.#ask({ do: 'vitals', on: true });
      },
      endVitals: async () => (await this.#ask({ do: 'vitals', on: false })) as AgentVitals,
      counters: async () => (await this.#ask({ do: 'counters' })) as AgentCounters,
      scripts: async (wanted) => (await this.#ask({ do: 'scripts', wanted })) as ScriptsAnswer,
      heap: async <A extends HeapRequest['ask']>(request: HeapRequest & { readonly ask: A }) =>
        (await this.#ask({ do: 'heap', request })) as HeapAnswers[A],
      control: async <K extends ControlRequest['kind']>(request: ControlRequest & { readonly kind: K }) =>
        (await this.#ask({ do: 'control', request })) as ControlAnswers[K],
      closed: this.closed,
    };
  }

  #ask(command: Unnumbered): Promise<unknown> {
    if (this.#socket.destroyed) return Promise.reject(gone());
    const id = ++this.#lastId;
    return new Promise((resolve, reject) => {
      this.#pending.set(id, { resolve, reject });
      this.#write({ ...command, id });
    });
  }

  #write(command: AgentCommand): void {
    if (!this.#socket.destroyed) this.#socket.write(`${JSON.stringify(command)}\n`);
  }

  #gone(): void {
    this.serving = null;
    for (const { reject } of this.#pending.values()) reject(gone());
    this.#pending.clear();
  }
}

function gone(): Error {
  return new Error('The agent in the server is gone: the server ended, or closed its connection to Mettle.');
}

/** Calls `read` with each line; the time is linear in the bytes however they are cut. */
function readLines(socket: Socket, read: (line: Buffer) => void): void {
  let parts: Buffer[] = [];
  let bytes = 0;
  socket.on('data', (chunk: Buffer) => {
    let from = 0;
    for (let newline = chunk.indexOf(10); newline >= 0; newline = chunk.indexOf(10, from)) {
      parts.push(chunk.subarray(from, newline));
      read(parts.length === 1 && parts[0] !== undefined ? parts[0] : Buffer.concat(parts));
      parts = [];
      bytes = 0;
      from = newline + 1;
    }
    if (from === chunk.length) return;
    parts.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > MAX_MESSAGE_BYTES) socket.destroy();
  });
}
