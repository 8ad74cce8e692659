import type { WatchedServer } from '../config/config.ts';
import type { History } from '../store/history.ts';

/** One look that is due; resolves when it was taken and kept, or cannot be. */
export type LookAt = (server: WatchedServer, slotMs: number) => Promise<void>;

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
  /** `onStart` hears how late each look began. */
  beat(look: LookAt, onStart: (latenessMs: number) => void): Beat;
  /** Ends after the beat has. */
  close(): Promise<void>;
}
