import { UsageError } from '../../evidence/index.ts';
import type { WatchConfig, WatchedServer } from '../config/config.ts';
import { Schedule } from '../schedule/schedule.ts';
import { LOCAL } from '../store/history.ts';
import { SqliteHistory } from '../store/sqlite/history.ts';
import type { Beat, BeatTerms, Engine } from './engine.ts';

/** One process with everything in it: a file, and timers. */
export class EmbeddedEngine implements Engine {
  readonly region: string = LOCAL;
  readonly gatherMs: number = 0;
  readonly history: SqliteHistory;
  readonly #config: WatchConfig;

  /** Throws UsageError when the file cannot be opened, or is none of a watcher. */
  constructor(config: WatchConfig) {
    this.#config = config;
    try {
      this.history = new SqliteHistory(config.store, config.channels.length);
    } catch (error) {
      throw new UsageError(
        `store: ${config.store} cannot be opened (${error instanceof Error ? error.message : String(error)}): name another file.`,
      );
    }
  }

  beat({ look, onStart, onMissed }: BeatTerms): Beat {
    const { servers, concurrency, jitter } = this.#config;
    const region = this.region;
    const schedule = new Schedule<WatchedServer>(servers, {
      concurrency,
      jitter,
      random: Math.random,
      look: async (server, beatAgoMs) => {
        const slotMs = Math.round(Date.now() - beatAgoMs);
        const taken = await look(server, slotMs);
        if (taken !== null) return;
        // Stopped in the middle, and nobody else is there.
        onMissed({ server: server.name, region, fromMs: slotMs, toMs: slotMs, reason: 'cut-short' });
      },
      onStart: (_server, latenessMs) => onStart(latenessMs),
      onMissed: ({ name, intervalMs }, beats, lastAgoMs, reason) => {
        const lastMs = Date.now() - lastAgoMs;
        // Half an interval about each: beats go by another clock than slots.
        const fromMs = Math.round(lastMs - (beats - 0.5) * intervalMs);
        onMissed({ server: name, region, fromMs, toMs: Math.round(lastMs + intervalMs / 2) - 1, reason });
      },
    });
    return {
      start: async () => schedule.start(),
      stop: () => schedule.stop(),
    };
  }

  isPassing(): boolean {
    return false;
  }

  /** There is nobody else. */
  follow(): () => void {
    return () => undefined;
  }

  async close(): Promise<void> {
    await this.history.close();
  }
}
