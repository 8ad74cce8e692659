/** All contact of the command line with the world; tests replace it. */
export interface Host {
  readonly stdout: { write(text: string): void; readonly isTerminal: boolean; readonly columns: number };
  readonly stderr: { write(text: string): void; readonly isTerminal: boolean; readonly columns: number };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Aborted by Ctrl-C, SIGTERM or a closed terminal. */
  readonly signal: AbortSignal;
}
