import type { TargetSpec } from '../evidence/index.ts';
import { answerWith } from './client-replies.ts';
import { monotonicMs } from './clock.ts';
import { lookAtStdio } from './era-look.ts';
import { lastWords } from './fault-sentences.ts';
import { discover, initialize, ReachFault, type Agreement, type HandshakeOptions } from './handshake.ts';
import { McpSession } from './mcp-session.ts';
import { Peer } from './peer.ts';
import type { OpenOptions, OpenSession } from './session.ts';
import type { StartedProcess } from './started-process.ts';
import { StdioWire } from './stdio-wire.ts';
import { ReachLog, startCommand, targetEnvironment } from './target-environment.ts';

/** Servers that load much, or that npx must fetch first, need many seconds on a busy machine; clients of the SDK wait for 60 s. */
export const HANDSHAKE_TIMEOUT_MS = 30_000;

type StdioSpec = Extract<TargetSpec, { readonly kind: 'stdio' }>;

/** Starts a stdio server and shakes hands with it. */
export async function openStdio(spec: StdioSpec, options: OpenOptions): ReturnType<OpenSession> {
  const { signal } = options;
  const timeoutMs = options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS;
  const reach = new ReachLog();
  const plain = { command: spec.command, cwd: spec.cwd, env: targetEnvironment(spec.env) };
  // Without the agent: it is to speak for the process that is examined, not for this one.
  const era = options.era ?? (await lookAtStdio(plain, timeoutMs, signal));
  signal?.throwIfAborted();
  const startedAtMs = monotonicMs();
  let started: StartedProcess;
  try {
    started = await startCommand({ ...plain, env: targetEnvironment(spec.env, options.extraEnv) });
  } catch (error) {
    throw error instanceof ReachFault ? reach.failed(error.fault, []) : error;
  }
  reach.add('spawn', monotonicMs() - startedAtMs);
  const answer = answerWith(options.replies ?? {}, spec.cwd);
  const peer = new Peer(answer);
  const wire = new StdioWire(started, peer);
  peer.attach(wire);
  try {
    const shakenAtMs = monotonicMs();
    const agreement = await shakeHands(
      peer,
      wire,
      { era: options.era ?? null, timeoutMs, ...(signal === undefined ? {} : { signal }) },
      era === '2026',
    );
    reach.add('handshake', monotonicMs() - shakenAtMs);
    const session = new McpSession({
      peer,
      wire,
      agreement,
      process: started,
      stdio: wire,
      answer,
      afterClose: async () => undefined,
    });
    return { session, reach: reach.succeeded() };
  } catch (error) {
    const tail = started.stderrTail();
    const hung = started.exit === null;
    await started.stop(0);
    signal?.throwIfAborted();
    if (!(error instanceof ReachFault)) throw error;
    const { fault } = error;
    // A dead process is described by its wire already; a silent one is described by what it wrote elsewhere.
    throw reach.failed(
      hung ? { ...fault, message: `${fault.message}${wire.wroteInstead()}${lastWords(tail)}` } : fault,
      tail,
    );
  }
}

function shakeHands(
  peer: Peer,
  wire: StdioWire,
  options: HandshakeOptions,
  modern: boolean,
): Promise<Agreement> {
  return modern ? discover(peer, wire, options) : initialize(peer, wire, options);
}
