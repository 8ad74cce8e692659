import { setTimeout as pause } from 'node:timers/promises';
import type { Session } from '../../session/session.ts';

/** For the call to reach the server. */
const CUT_AFTER_MS = 3;

/** Opens sessions with a server that runs already, and ends them in one way or another. */
export interface SessionLives {
  /** Null when the life went as it was meant to, else what went wrong. */
  live(manner: 'ended' | 'abandoned' | 'cut-off'): Promise<string | null>;
}

export interface LifeOptions {
  /** Opens one more session. */
  readonly open: () => Promise<Session>;
  /** A call that each session makes. */
  readonly call: { readonly method: string; readonly params: Readonly<Record<string, unknown>> };
  readonly calls: number;
  readonly callTimeoutMs: number;
}

/** Lives of sessions over HTTP: opened, some calls made, then ended, left, or cut off in the middle of a call. */
export function sessionLives({ open, call, calls, callTimeoutMs }: LifeOptions): SessionLives {
  const request = async (session: Session): Promise<string | null> => {
    const reply = await session.request(call.method, call.params, { timeoutMs: callTimeoutMs });
    return reply.outcome === 'lost' || reply.outcome === 'timeout' ? reply.message : null;
  };
  return {
    async live(manner) {
      let session: Session;
      try {
        session = await open();
      } catch (error) {
        return error instanceof Error ? error.message : String(error);
      }
      let fault: string | null = null;
      for (let i = 0; i < calls && fault === null; i++) fault = await request(session);
      if (manner === 'ended') await session.close();
      else {
        // In the middle of a call: it is under way when the connection goes.
        const pending = manner === 'cut-off' ? request(session) : null;
        if (pending !== null) await pause(CUT_AFTER_MS);
        await session.leave();
        await pending;
      }
      return fault;
    },
  };
}
