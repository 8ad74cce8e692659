import type { HeapSubject } from '../../evidence/index.ts';
import type { Reply, Session } from '../../session/session.ts';
import { nextCall } from '../call-numbers.ts';
import type { CallSource } from '../load.ts';
import { failureOf } from '../outcomes.ts';
import type { SessionLives } from './session-lives.ts';

/** One subject of the rounds, and how to make one call of it (or one session's life). */
export interface LeakDriver {
  readonly subject: HeapSubject;
  /** Whether fresh calls have arguments of their own. */
  readonly freshArguments: boolean;
  /** Requests on the wire for one call: a session's life has several. */
  readonly requests: number;
  /** Of calls that are meant to fail: with what the first one failed; null before it has. */
  readonly failsWith?: () => string | null;
  /** Null when it went as it was meant to, else what went wrong. After `patienceMs` it is given up. */
  run(mode: 'fresh' | 'repeat', patienceMs: number): Promise<string | null>;
}

/** So long a cancelled call is left to begin; most are answered by then, and one that waits is cancelled as it waits. */
const CANCEL_AFTER_MS = 5;
/** Arguments used before, in the repeated rounds: as many, over and over. */
const REPEATED = 5;

export interface DriverSetting {
  readonly session: Session;
  readonly signal: AbortSignal;
  readonly callTimeoutMs: number;
}

/** Calls that are to be answered. */
export function answeredDriver(source: CallSource, setting: DriverSetting): LeakDriver {
  let made = 0;
  const { fresh } = source;
  const next = (mode: 'fresh' | 'repeat'): ReturnType<CallSource['call']> => {
    if (fresh === undefined) return nextCall(source);
    if (mode === 'fresh') return fresh(FIRST_FRESH + made++);
    // The newest ones: a bounded cache has forgotten the old ones.
    return fresh(FIRST_FRESH + Math.max(0, made - 1 - (repeated++ % REPEATED)));
  };
  let repeated = 0;
  return {
    subject: { ...source.subject, manner: 'answered' },
    freshArguments: fresh !== undefined,
    requests: 1,
    async run(mode, patienceMs) {
      const { method, params } = next(mode);
      return failureOf(await send(setting, method, params, patienceMs))?.message ?? null;
    },
  };
}

/** Numbers of fresh calls begin so high that none looks like a small amount, and all have as many digits. */
const FIRST_FRESH = 10_000;

/** Calls that the client cancels while they run; whether they were answered before does not matter. */
export function cancelledDriver(source: CallSource, { session, callTimeoutMs }: DriverSetting): LeakDriver {
  let made = 0;
  return {
    subject: { ...source.subject, manner: 'cancelled' },
    freshArguments: source.fresh !== undefined,
    requests: 1,
    async run(_mode, patienceMs) {
      const { method, params } = source.fresh?.(CANCELLED_FRESH + made++) ?? nextCall(source);
      const cancel = new AbortController();
      const timer = setTimeout(() => cancel.abort(), CANCEL_AFTER_MS);
      const reply = await session.request(method, params, {
        timeoutMs: Math.min(callTimeoutMs, patienceMs),
        signal: cancel.signal,
      });
      clearTimeout(timer);
      return reply.outcome === 'lost' ? reply.message : null;
    },
  };
}

const CANCELLED_FRESH = 40_000;

/** Calls that fail as they are: what they leave behind is left by failing. */
export function failingDriver(source: CallSource, setting: DriverSetting): LeakDriver {
  const answered = answeredDriver(source, setting);
  let failure: string | null = null;
  return {
    ...answered,
    subject: { ...source.subject, manner: 'failed' },
    failsWith: () => failure,
    async run(mode, patienceMs) {
      const message = await answered.run(mode, patienceMs);
      failure ??= message;
      return message === null ? 'it was answered' : null;
    },
  };
}

/**
 * Calls with arguments that no schema allows. A tool that answers them nevertheless has no failing calls of this kind,
 * which is no fault where the call is only one of many (`mayBeAnswered`).
 */
export function failedDriver(
  source: CallSource,
  setting: DriverSetting,
  { mayBeAnswered = false }: { readonly mayBeAnswered?: boolean } = {},
): LeakDriver {
  return {
    subject: { ...source.subject, manner: 'failed' },
    freshArguments: false,
    requests: 1,
    async run(_mode, patienceMs) {
      const { method, params } = nextCall(source);
      const refused = { ...params, arguments: { mettle: ['no such argument'] } };
      const reply = await send(setting, method, refused, patienceMs);
      if (reply.outcome === 'lost' || reply.outcome === 'timeout') return reply.message;
      return failureOf(reply) === null && !mayBeAnswered ? 'it was answered' : null;
    },
  };
}

/** The lives of sessions, each way of ending a subject of its own. */
export function sessionDriver(
  lives: SessionLives,
  manner: 'ended' | 'abandoned' | 'cut-off',
  { requests, makes }: { readonly requests: number; readonly makes: NonNullable<HeapSubject['makes']> },
): LeakDriver {
  return {
    subject: { name: 'session', kind: 'session', manner, makes },
    freshArguments: false,
    requests,
    run: (_mode, patienceMs) => lives.live(manner, patienceMs),
  };
}

function send(
  { session, signal, callTimeoutMs }: DriverSetting,
  method: string,
  params: Readonly<Record<string, unknown>>,
  patienceMs: number,
): Promise<Reply> {
  return session.request(method, params, { timeoutMs: Math.min(callTimeoutMs, patienceMs), signal });
}
