import type { TargetSpec } from '../../evidence/index.ts';
import { UsageError } from '../../evidence/index.ts';
import { monotonicMs, openSession, TargetError, type Reply, type Session } from '../../session/index.ts';
import type { JsonObject } from '../../session/rpc-message.ts';
import { ProbeFault, shownBytes, shownTime } from './fault.ts';
import { Look } from './look.ts';
import type { ProbeOptions } from './outcome.ts';
import type { RpcAnswer, RpcLimits, RpcSource } from './rpc.ts';

/** Looks at a server that is started for it, or that needs a whole session. Rejects only with UsageError, or the signal's reason. */
export async function lookBySession(
  spec: TargetSpec,
  options: ProbeOptions & { readonly timeoutMs: number },
  signal: AbortSignal | undefined,
): Promise<Look> {
  const look = new Look();
  const deadlineMs = look.startedAtMs + options.timeoutMs;
  let session: Session | null = null;
  let rpc: SessionRpc | null = null;
  try {
    const opened = await openSession(spec, {
      handshakeTimeoutMs: options.timeoutMs,
      ...(options.era == null ? {} : { era: options.era }),
      ...(signal === undefined ? {} : { signal }),
    });
    session = opened.session;
    for (const { phase, durationMs } of opened.reach.phases) look.add(phase, durationMs);
    // Looking for the era starts a process of its own: that is Mettle's time, not the server's.
    look.resume();
    look.agreement = {
      era: session.era,
      protocolVersion: session.protocolVersion,
      server: session.serverInfo,
      capabilities: session.capabilities,
      status: null,
    };
    rpc = new SessionRpc(session, deadlineMs, options.timeoutMs, signal);
    await look.useTools(rpc, options);
  } catch (error) {
    signal?.throwIfAborted();
    look.fault = faultOf(error, look);
  } finally {
    look.stderrTail = look.fault === null ? [] : (session?.process?.stderrTail() ?? look.stderrTail);
    look.end();
    try {
      if (rpc !== null) await look.lookInside(rpc, options, signal);
    } finally {
      await session?.close();
    }
  }
  look.sessionEnd = session === null ? 'none' : 'ended';
  return look;
}

function faultOf(error: unknown, look: Look): ProbeFault {
  if (error instanceof ProbeFault) return error;
  if (error instanceof UsageError || !(error instanceof TargetError)) throw error;
  for (const { phase, durationMs } of error.reach.phases) look.add(phase, durationMs);
  look.stderrTail = error.reach.failed?.stderrTail ?? [];
  return new ProbeFault(error.phase, error.message);
}

class SessionRpc implements RpcSource {
  readonly who = 'the server';
  readonly #session: Session;
  readonly #deadlineMs: number;
  readonly #allowedMs: number;
  readonly #signal: AbortSignal | undefined;

  constructor(session: Session, deadlineMs: number, allowedMs: number, signal: AbortSignal | undefined) {
    this.#session = session;
    this.#deadlineMs = deadlineMs;
    this.#allowedMs = allowedMs;
    this.#signal = signal;
  }

  get leftMs(): number {
    return this.#deadlineMs - monotonicMs();
  }

  async request(
    method: string,
    params: JsonObject | undefined,
    { phase, maxBytes, deadlineMs = this.#deadlineMs }: RpcLimits,
  ): Promise<RpcAnswer> {
    const reply: Reply = await this.#session.request(method, params, {
      timeoutMs: Math.max(1, deadlineMs - monotonicMs()),
      ...(this.#signal === undefined ? {} : { signal: this.#signal }),
    });
    this.#signal?.throwIfAborted();
    if (reply.bytes > maxBytes)
      throw new ProbeFault(
        phase,
        `the answer of the server to ${method} is larger than the ${shownBytes(maxBytes)} that are read`,
      );
    switch (reply.outcome) {
      case 'result':
        return { bytes: reply.bytes, status: null, reply: { result: reply.result } };
      case 'error':
        return { bytes: reply.bytes, status: null, reply: { error: reply.error } };
      case 'timeout':
        throw new ProbeFault(
          phase,
          `the server did not answer ${method} within ${shownTime(this.#allowedMs)}`,
        );
      case 'lost':
        throw new ProbeFault(phase, reply.message);
    }
  }
}
