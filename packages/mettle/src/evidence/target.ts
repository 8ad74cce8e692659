/** Protocol era: '2025' = `initialize` handshake (2024-11-05 … 2025-11-25); '2026' = stateless 2026-07-28. */
export type Era = '2025' | '2026';

/** What the user pointed Mettle at. Everything needed to start or reach it, nothing about how it is examined. */
export type TargetSpec =
  | {
      readonly kind: 'stdio';
      readonly command: readonly [string, ...string[]];
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
    }
  | {
      readonly kind: 'http';
      readonly url: string;
      readonly headers: Readonly<Record<string, string>>;
      /** Present when Mettle starts the server itself. */
      readonly command: readonly [string, ...string[]] | null;
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
    }
  | {
      readonly kind: 'module';
      readonly file: string;
      readonly exportName: string | null;
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
    };

/** Why the inside of the target could not be seen. */
export type AgentStatus =
  | {
      readonly attached: true;
      readonly pid: number;
      readonly node: string;
      readonly instruments: readonly string[];
      /** The server had been running for its clients before, and Mettle called nothing. */
      readonly late?: true;
    }
  | { readonly attached: false; readonly why: string };

/** Who was examined, where. */
export interface TargetEvidence {
  readonly kind: 'stdio' | 'http' | 'module';
  /** As shown to people: secrets redacted. */
  readonly command: readonly string[] | null;
  readonly url: string | null;
  readonly cwd: string;
  /** The arguments that reproduce this target after `mettle check `, quoted for a POSIX shell. */
  readonly targetArguments: string;
  /** The command they follow where that is another one than `check`. */
  readonly reproducedBy?: 'attach' | 'probe';
  readonly node: string | null;
  readonly server: { readonly name: string; readonly version: string } | null;
  readonly protocolVersion: string | null;
  readonly era: Era | null;
  readonly capabilities: Readonly<Record<string, unknown>>;
  readonly sdk: { readonly name: string; readonly version: string | null } | null;
  readonly agent: AgentStatus;
  readonly machine: {
    readonly cores: number;
    readonly platform: string;
    readonly loadAverage1m: number;
    readonly node: string;
  };
}
