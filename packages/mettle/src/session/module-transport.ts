import { createInterface } from 'node:readline';

/** What SDK servers of every version accept as a transport. */
export interface Connectable {
  connect(transport: StdioTransport): Promise<void>;
}

/** Calls `onMessage` for each JSON line on stdin, `onEnd` once at its end. */
export function readMessages(onMessage: (message: unknown) => void, onEnd: () => void): void {
  const lines = createInterface({ input: process.stdin, crlfDelay: Infinity });
  lines.on('line', (line) => {
    let message: unknown;
    try {
      message = JSON.parse(line);
    } catch {
      return; // Mettle writes only JSON; anything else is a user at a keyboard.
    }
    onMessage(message);
  });
  lines.once('close', onEnd);
}

/** Writes one message; resolves once stdout took it, so that a server that awaits it is slowed by a slow reader. */
export async function writeMessage(message: unknown): Promise<void> {
  const text = `${JSON.stringify(message)}\n`;
  if (!process.stdout.write(text)) await new Promise((resolve) => process.stdout.once('drain', resolve));
}

/** The transport object of SDK v1 and v2, over this process's stdin and stdout. */
export class StdioTransport {
  onmessage: ((message: unknown, extra?: unknown) => void) | undefined;
  onclose: (() => void) | undefined;
  onerror: ((error: Error) => void) | undefined;

  start(): Promise<void> {
    readMessages(
      (message) => this.onmessage?.(message),
      () => void this.close(),
    );
    return Promise.resolve();
  }

  send(message: unknown): Promise<void> {
    return writeMessage(message);
  }

  close(): Promise<void> {
    this.onclose?.();
    // Mettle has gone or wants us gone; what else the module keeps open must not keep us.
    process.exit(0);
  }
}
