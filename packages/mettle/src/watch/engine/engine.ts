import type { WatchedServer } from '../config/config.ts';
import type { History } from '../store/history.ts';

/** One look that is due; resolves when it was taken. Null when the watcher was stopped in the middle. Never rejects. */
export type LookAt = (server: WatchedServer, slotMs: number) => Promise<TakenOnce | null>;

export interface TakenOnce {
  /** Resolves when the look is kept, or never will be: that may take longer than the look. */
  readonly kept: Promise<void>;
}

/** When looks are taken by this process. */
export interface Beat {
  /** Looks that were not taken: one before them lasted until after their time, or there was no time for them. */
  readonly skipped: number;
  start(): Promise<void>;
  /** Begins nothing more; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** What a watcher runs on: alone, or together with others. */
export interface Engine {
  /** Where this process looks from. */
  readonly region: string;
  readonly history: History;
  /** Whether the history may take later what it refused now. */
  isPassing(error: unknown): boolean;
  /** Tells of each server that another process looked at; returns how to end that. */
  follow(hear: (server: string) => void): () => void;
  /** `onStart` hears how late each look began. */
  beat(look: LookAt, onStart: (latenessMs: number) => void): Beat;
  /** Ends after the beat has. */
  close(): Promise<void>;
}
