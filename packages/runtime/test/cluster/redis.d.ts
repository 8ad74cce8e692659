/** A Redis of the caller's own. */
export interface Redis {
  readonly url: string;
  /** Ends it as a power cut would. */
  kill(): Promise<void>;
  /** Starts it again, empty, at the same address. */
  start(): Promise<void>;
  /** Closes the connection of every client. */
  breakConnections(): Promise<void>;
  pause(): void;
  resume(): void;
  /** Ends it and leaves nothing behind. */
  remove(): Promise<void>;
}

/** Why tests that need Redis are skipped; undefined when they are not. */
export const whyNot: string | undefined;

export function startRedis(): Promise<Redis>;
