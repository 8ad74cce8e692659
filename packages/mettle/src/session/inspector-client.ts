import { get } from 'node:http';
import { WebSocket } from 'ws';
import { settlesWithin } from './clock.ts';

/** The inspector answers within JavaScript too, so silence means one long native call; the host may be slow. */
const ANSWER_MS = 30_000;
/** A look at a port whose owner may speak anything. */
const LOOK_MS = 1000;
/** Bytes of one answer: a CPU profile of some minutes has 50 MB. */
const MAX_ANSWER_BYTES = 512 * 1024 * 1024;

interface Answer {
  readonly id?: number;
  readonly result?: {
    readonly result?: { readonly value?: unknown };
    readonly exceptionDetails?: {
      readonly text?: string;
      readonly exception?: { readonly description?: string };
    };
  };
  readonly error?: { readonly message?: string };
}

/** The WebSocket address of the inspector that listens at the port; null when none does. */
export async function inspectorAt(host: string, port: number): Promise<string | null> {
  const body = await readBody(host, port);
  try {
    const [first] = JSON.parse(body ?? '') as readonly {
      readonly type?: unknown;
      readonly webSocketDebuggerUrl?: unknown;
    }[];
    return first?.type === 'node' && typeof first.webSocketDebuggerUrl === 'string'
      ? first.webSocketDebuggerUrl
      : null;
  } catch {
    return null;
  }
}

function readBody(host: string, port: number): Promise<string | null> {
  return new Promise((resolve) => {
    // A connection kept alive would hold up the closing of the inspector.
    const request = get(
      { host: host.replace(/^\[|\]$/g, ''), port, path: '/json/list', agent: false, timeout: LOOK_MS },
      (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (text.length > MAX_ANSWER_BYTES) request.destroy();
        });
        response.on('end', () => resolve(text));
        response.on('error', () => resolve(null));
      },
    );
    request.on('timeout', () => request.destroy());
    request.on('error', () => resolve(null));
  });
}

/** Speaks with the inspector of one process. */
export class InspectorClient {
  /** Settles when the connection has gone. */
  readonly closed: Promise<void>;
  readonly #socket: WebSocket;
  readonly #waiting = new Map<number, (answer: Answer | null) => void>();
  #lastId = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.on('error', () => {});
    socket.on('message', (data: Buffer) => this.#read(data));
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        for (const settle of this.#waiting.values()) settle(null);
        this.#waiting.clear();
        resolve();
      });
    });
  }

  static async connect(url: string): Promise<InspectorClient> {
    const socket = new WebSocket(url, {
      maxPayload: MAX_ANSWER_BYTES,
      perMessageDeflate: false,
      handshakeTimeout: ANSWER_MS,
    });
    const client = new InspectorClient(socket);
    await new Promise<void>((resolve, reject) => {
      socket.once('open', resolve);
      socket.once('error', reject);
    });
    return client;
  }

  /** The expression's value, as JSON carries it. Rejects with what it threw, or when no answer came. */
  async evaluate(expression: string): Promise<unknown> {
    if (this.#socket.readyState !== WebSocket.OPEN)
      throw new Error('its inspector has closed the connection');
    const id = ++this.#lastId;
    const answer = new Promise<Answer | null>((resolve) => this.#waiting.set(id, resolve));
    this.#socket.send(
      JSON.stringify({
        id,
        method: 'Runtime.evaluate',
        params: { expression, returnByValue: true, silent: true },
      }),
    );
    if (!(await settlesWithin(answer, ANSWER_MS)))
      throw new Error('its inspector does not answer: its main thread is inside one long native call');
    const { result, error } = (await answer) ?? {
      error: { message: 'its inspector has closed the connection' },
    };
    const thrown = result?.exceptionDetails;
    if (error !== undefined) throw new Error(error.message ?? 'its inspector refused');
    if (thrown !== undefined)
      throw new Error(
        (thrown.exception?.description ?? thrown.text ?? 'it threw').split('\n')[0]?.replace(/^Error: /, ''),
      );
    return result?.result?.value;
  }

  /** Hangs up. */
  close(): void {
    this.#socket.close();
  }

  /** Hangs up without waiting for the other side. */
  terminate(): void {
    this.#socket.terminate();
  }

  #read(data: Buffer): void {
    const answer = JSON.parse(data.toString('utf8')) as Answer;
    if (answer.id === undefined) return;
    this.#waiting.get(answer.id)?.(answer);
    this.#waiting.delete(answer.id);
  }
}
