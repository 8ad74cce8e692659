import {
  CONTROL_VARIABLE,
  LANE_HEADER,
  type ControlAnswers,
  type ControlRequest,
} from '../../agent/control-protocol.ts';
import { agentEnvironment } from '../../agent/location.ts';
import { openAgentChannel, type AgentChannel, type ServingAgent } from '../../collect/index.ts';
import { UsageError, type Era, type RaceCall, type TargetSpec } from '../../evidence/index.ts';
import { openSession, settlesWithin, tellingLine, type Reply, type Session } from '../../session/index.ts';
import { requestOf } from './answers.ts';

/** How long the agent may take to say that the process serves, once the handshake is done. */
const AGENT_PATIENCE_MS = 5_000;
/** How long a command to the agent may take at most; control itself gives up on a hung call far earlier. */
const CONTROL_PATIENCE_MS = 30_000;
/** A call that ended under control is answered already; its bytes may still be on their way. */
const ANSWER_PATIENCE_MS = 10_000;

/** Servers without it say so at once. */
const PING_PATIENCE_MS = 2_000;

/** SIGKILL cannot be refused; this is for the kernel to finish. */
const KILL_PATIENCE_MS = 1_000;
/** For an answer of a call of which its control knows none: it was not under control. */
const STRAY_ANSWER_MS = 50;

export interface StartRaced {
  /** As placed in the working copy. */
  readonly spec: TargetSpec;
  /** Sessions over HTTP; a process on stdio has one. */
  readonly connections: number;
  readonly era: Era | null;
  readonly replies: Readonly<Record<string, unknown>>;
  /** Further variables of the agent. */
  readonly agentVariables: Readonly<Record<string, string>>;
  readonly signal: AbortSignal | undefined;
}

/** A call under way. */
export interface SentCall {
  readonly reply: Promise<Reply>;
  giveUp(): void;
}

/** A server started to be raced, with control over the order of its events. */
export class RacedProcess {
  readonly sessions: readonly Session[];
  readonly agent: ServingAgent;
  readonly #channel: AgentChannel;
  #killed = false;

  private constructor(sessions: readonly Session[], agent: ServingAgent, channel: AgentChannel) {
    this.sessions = sessions;
    this.agent = agent;
    this.#channel = channel;
  }

  /** Rejects with TargetError when the server cannot be reached, with UsageError when it cannot be controlled. */
  static async start(options: StartRaced): Promise<RacedProcess> {
    const { spec } = options;
    const channel = await openAgentChannel();
    const sessions: Session[] = [];
    try {
      const extraEnv = {
        ...agentEnvironment({
          socketPath: channel.socketPath,
          inheritedNodeOptions: spec.env['NODE_OPTIONS'] ?? process.env['NODE_OPTIONS'],
          exitWithMettle: true,
        }),
        [CONTROL_VARIABLE]: '1',
        ...options.agentVariables,
      };
      const open = {
        replies: options.replies,
        ...(options.era === null ? {} : { era: options.era }),
        ...(options.signal === undefined ? {} : { signal: options.signal }),
      };
      sessions.push((await openSession(spec, { ...open, extraEnv })).session);
      for (let n = 1; n < options.connections && spec.kind === 'http'; n++)
        sessions.push((await openSession({ ...spec, command: null }, open)).session);
      const agent = await channel.serving(AGENT_PATIENCE_MS);
      if (agent === null)
        throw new UsageError(
          'The order of events in this server cannot be controlled: it is no Node.js process that loads Mettle’s agent (NODE_OPTIONS is not passed on, or it runs on something else).',
        );
      return new RacedProcess(sessions, agent, channel);
    } catch (error) {
      await end(sessions, channel);
      throw error;
    }
  }

  get pid(): number {
    return this.agent.pid;
  }

  get session(): Session {
    const [first] = this.sessions;
    if (first === undefined) throw new Error('a process without a session');
    return first;
  }

  /** How it died, with the last of its stderr; null while it runs. */
  get crash(): string | null {
    const { process: started } = this.session;
    if (this.#killed || started === null || started.exit === null) return null;
    const { code, signal } = started.exit;
    const how = signal === null ? `exited with code ${String(code)}` : `was killed by ${signal}`;
    const said = tellingLine(started.stderrTail());
    return said === null ? how : `${how}: ${said}`;
  }

  /** Rejects when the agent is gone, or does not answer in time. */
  async control<K extends ControlRequest['kind']>(
    request: ControlRequest & { readonly kind: K },
  ): Promise<ControlAnswers[K]> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(reject, CONTROL_PATIENCE_MS, new Error(`no answer to ${request.kind} in time`));
    });
    try {
      return await Promise.race([this.agent.control<K>(request), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  /** The JSON-RPC id that the next call of this connection will carry; null where lanes go by a header. */
  nextRequestId(connection: number): number | null {
    return this.sessions.length > 1 || this.session.stdoutNoise === null
      ? null
      : this.#at(connection).nextRequestId;
  }

  send(call: RaceCall, lane: string): SentCall {
    const { method, params } = requestOf(call);
    const abort = new AbortController();
    const reply = this.#at(call.connection).request(method, params, {
      signal: abort.signal,
      headers: { [LANE_HEADER]: lane },
    });
    return { reply, giveUp: () => abort.abort() };
  }

  /**
   * Waits for what the server asks its client once that has introduced itself (its roots, say): by the first answer it has
   * asked, by the second it has been answered. In a trial of its own that would be steps which no later one has.
   */
  async settleHandshake(): Promise<void> {
    for (const session of this.sessions)
      for (let n = 0; n < 2 && session.era === '2025'; n++)
        await session.request('ping', {}, { timeoutMs: PING_PATIENCE_MS });
  }

  /** Lets a server that just died be known as dead: its pipes may close before its exit is told. */
  async settleExit(): Promise<void> {
    const { process: started } = this.session;
    if (started !== null) await settlesWithin(started.exited, 500);
  }

  /**
   * At once: nothing of it is wanted any more. Settles when the server is dead; `buried`, when everything else of it is
   * gone too.
   */
  async kill(): Promise<{ readonly buried: Promise<void> }> {
    const { process: started } = this.session;
    if (started !== null && started.exit === null) {
      this.#killed = true;
      // The server itself, and what started it (npx, a shell).
      for (const pid of new Set([this.pid, started.pid])) killNow(pid);
      await settlesWithin(Promise.all([started.exited, this.agent.closed]), KILL_PATIENCE_MS);
    }
    return { buried: end(this.sessions, this.#channel) };
  }

  #at(connection: number): Session {
    return this.sessions[Math.min(connection, this.sessions.length - 1)] ?? this.session;
  }
}

/** The reply, or null when none comes. `ended`: its lane did answer, so that its bytes are on their way. */
export async function replyOf(sent: SentCall, ended: boolean): Promise<Reply | null> {
  const came = await settlesWithin(sent.reply, ended ? ANSWER_PATIENCE_MS : STRAY_ANSWER_MS);
  sent.giveUp();
  return came ? sent.reply : null;
}

function killNow(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // Gone meanwhile.
  }
}

async function end(sessions: readonly Session[], channel: AgentChannel): Promise<void> {
  const [first, ...others] = sessions;
  await Promise.all(others.map((session) => session.leave()));
  await first?.close();
  await channel.close();
}
