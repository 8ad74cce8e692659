import { setTimeout as pause } from 'node:timers/promises';
import { monotonicMs } from '../../session/clock.ts';
import type { Session } from '../../session/session.ts';
import type { LeakDriver } from './drivers.ts';

/** For the call to reach the server. */
const CUT_AFTER_MS = 3;

/** Opens sessions with a server that runs already, and ends them in one way or another. */
export interface SessionLives {
  /** Null when the life went as it was meant to, else what went wrong. After `patienceMs` it is given up. */
  live(manner: 'ended' | 'abandoned' | 'cut-off', patienceMs: number): Promise<string | null>;
}

export interface LifeOptions {
  /** Opens one more session. */
  readonly open: (handshakeTimeoutMs: number) => Promise<Session>;
  /** Drivers of one session's calls, in the order in which each session makes them; the last one is cut off in mid-call. */
  readonly callsOf: (session: Session) => readonly LeakDriver[];
}

/** Lives of sessions over HTTP: opened, calls made, then ended, left, or cut off in the middle of a call. */
export function sessionLives({ open, callsOf }: LifeOptions): SessionLives {
  return {
    async live(manner, patienceMs) {
      const untilMs = monotonicMs() + patienceMs;
      const leftMs = (): number => Math.max(1, untilMs - monotonicMs());
      let session: Session;
      try {
        session = await open(leftMs());
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
      const calls = [...callsOf(session)];
      const last = manner === 'cut-off' ? calls.pop() : undefined;
      let fault: string | null = null;
      for (const call of calls) fault ??= await call.run('fresh', leftMs());
      if (manner === 'ended') await session.close();
      else {
        // In the middle of a call: it is under way when the connection goes.
        const pending = last?.run('fresh', leftMs());
        if (pending !== undefined) await pause(CUT_AFTER_MS);
        await session.leave();
        await pending;
      }
      return fault;
    },
  };
}
