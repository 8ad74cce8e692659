import type { WatchConfig, WatchedServer } from '../config/config.ts';
import { Schedule } from '../schedule/schedule.ts';
import { LOCAL } from '../store/history.ts';
import { SqliteHistory } from '../store/sqlite/history.ts';
import type { Beat, Engine, LookAt } from './engine.ts';

/** One process with everything in it: a file, and timers. */
export class EmbeddedEngine implements Engine {
  readonly region: string = LOCAL;
  readonly history: SqliteHistory;
  readonly #config: WatchConfig;

  constructor(config: WatchConfig) {
    this.#config = config;
    this.history = new SqliteHistory(config.store, config.channels.length);
  }

  beat(look: LookAt, onStart: (latenessMs: number) => void): Beat {
    const { servers, concurrency, jitter } = this.#config;
    const schedule = new Schedule<WatchedServer>(servers, {
      concurrency,
      jitter,
      random: Math.random,
      look: async (server) => void (await look(server, Date.now())),
      onStart: (_server, latenessMs) => onStart(latenessMs),
    });
    return {
      get skipped() {
        return schedule.skipped;
      },
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
