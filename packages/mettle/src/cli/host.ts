import type { Readable, Writable } from 'node:stream';

/** All contact of the command line with the world; tests replace it. */
export interface Host {
  readonly stdout: { write(text: string): void; readonly isTerminal: boolean; readonly columns: number };
  readonly stderr: { write(text: string): void; readonly isTerminal: boolean; readonly columns: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C, SIGTERM or a closed terminal. */
  readonly signal: AbortSignal;
  /** The standard streams as bytes, for `mettle record`, whose stdout is a server's. */
  readonly pipes?: { readonly stdin: Readable; readonly stdout: Writable; readonly stderr: Writable };
}
