import type { WatchedServer } from '../config/config.ts';
import type { History } from '../store/history.ts';
import type { Note } from '../store/missed.ts';

/** One look that is due; resolves when it was taken. Null when the watcher was stopped in the middle. Never rejects. */
export type LookAt = (server: WatchedServer, slotMs: number) => Promise<TakenOnce | null>;

export interface TakenOnce {
  /** Resolves when the look is kept, or never will be: that may take longer than the look. */
  readonly kept: Promise<void>;
}

export interface BeatTerms {
  readonly look: LookAt;
  /** Hears how late each look began. */
  readonly onStart: (latenessMs: number) => void;
  /** Hears of slots that this process passes over, and why. */
  readonly onMissed: (note: Note) => void;
}

/** When looks are taken by this process. */
export interface Beat {
  start(): Promise<void>;
  /** Begins nothing more; resolves when what is under way has ended. */
  stop(): Promise<void>;
}

/** What a watcher runs on: alone, or together with others. */
export interface Engine {
  /** Where this process looks from. */
  readonly region: string;
  readonly history: History;
  /** So long a look may wait for others before it is kept: 0 where a look that waits is lost when the process is killed. */
  readonly gatherMs: number;
  /** Whether the history may take later what it refused now. */
  isPassing(error: unknown): boolean;
  /** Tells of each server that another process looked at; returns how to end that. */
  follow(hear: (server: string) => void): () => void;
  beat(terms: BeatTerms): Beat;
  /** Ends after the beat has. */
  close(): Promise<void>;
}
