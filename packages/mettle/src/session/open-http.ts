import { connect } from 'node:net';
import { UsageError, type Era, type TargetSpec } from '../evidence/index.ts';
import { answerWith } from './client-replies.ts';
import { monotonicMs, pause } from './clock.ts';
import { lookAtHttp } from './era-look.ts';
import { describeExit, lastWords, shownUrl } from './fault-sentences.ts';
import { discover, initialize, ReachFault, type Agreement, type HandshakeOptions } from './handshake.ts';
import { HttpClient } from './http-client.ts';
import { HttpWire } from './http-wire.ts';
import { openLegacySse } from './legacy-sse-wire.ts';
import { McpSession } from './mcp-session.ts';
import { HANDSHAKE_TIMEOUT_MS } from './open-stdio.ts';
import { Peer } from './peer.ts';
import type { OpenOptions, OpenSession } from './session.ts';
import type { StartedProcess } from './started-process.ts';
import { ReachLog, startCommand, targetEnvironment } from './target-environment.ts';
import type { Wire } from './wire.ts';

/** Between two tries at a server that is starting. */
const POLL_MS = 50;
/** To learn whether a port is taken, which a listener answers at once. */
const PORT_CHECK_MS = 1000;

type HttpSpec = Extract<TargetSpec, { readonly kind: 'http' }>;

/** Reaches a server by URL, starting it before when the spec has a command. */
export async function openHttp(spec: HttpSpec, options: OpenOptions): ReturnType<OpenSession> {
  const { signal } = options;
  const reach = new ReachLog();
  const url = new URL(spec.url);
  let started: StartedProcess | null = null;
  const peer = new Peer(answerWith(options.replies ?? {}, null));
  const client = new HttpClient(url, spec.headers);
  const wire = new HttpWire(client, peer);
  peer.attach(wire);
  try {
    if (spec.command !== null) started = await startServer(spec, spec.command, url, options, peer);
    const handshake = {
      era: options.era ?? null,
      timeoutMs: options.handshakeTimeoutMs ?? HANDSHAKE_TIMEOUT_MS,
      ...(signal === undefined ? {} : { signal }),
    };
    const startedAtMs = monotonicMs();
    const era = options.era ?? (await lookUntilUp(peer, wire, started, handshake));
    if (started !== null) reach.add('spawn', monotonicMs() - startedAtMs);
    const shakenAtMs = monotonicMs();
    const { agreement, finalWire } = await shakeHands(peer, wire, era, handshake, started);
    const shookMs = monotonicMs() - shakenAtMs;
    for (const lap of client.phases) reach.add(lap.phase, lap.durationMs);
    reach.add('handshake', shookMs);
    if (agreement.era === '2025') wire.listen();
    const renew = async (): Promise<void> => {
      await initialize(peer, wire, { ...handshake, era: '2025' });
      wire.listen();
    };
    const afterClose = async (): Promise<void> => started?.stop(0);
    const session = new McpSession({
      peer,
      wire: finalWire,
      agreement,
      process: started,
      stdio: null,
      answer: answerWith(options.replies ?? {}, null),
      afterClose,
      ...(agreement.era === '2025' && finalWire === wire ? { renew } : {}),
    });
    return { session, reach: reach.succeeded() };
  } catch (error) {
    const tail = started?.stderrTail() ?? [];
    await wire.close();
    await started?.stop(0);
    signal?.throwIfAborted();
    throw error instanceof ReachFault ? reach.failed(error.fault, tail) : error;
  }
}

async function startServer(
  spec: HttpSpec,
  command: readonly [string, ...string[]],
  url: URL,
  options: OpenOptions,
  peer: Peer,
): Promise<StartedProcess> {
  if (await listens(url)) {
    throw new UsageError(
      `Something listens at ${url.host} already, so the command would not be the one that answers: stop it, or leave the command out to examine what runs there.`,
    );
  }
  const started = await startCommand({
    command,
    cwd: spec.cwd,
    env: targetEnvironment(spec.env, options.extraEnv),
  });
  started.drainStdout();
  void started.exited.then((exit) =>
    peer.died({
      phase: 'spawn',
      message: `the server ${describeExit(exit)}${lastWords(started.stderrTail())}`,
    }),
  );
  return started;
}

/** Looks at the era, again and again while a server of ours has not come up. */
async function lookUntilUp(
  peer: Peer,
  wire: HttpWire,
  started: StartedProcess | null,
  handshake: HandshakeOptions,
): Promise<Era> {
  const deadline = monotonicMs() + handshake.timeoutMs;
  for (;;) {
    const { era, reply } = await lookAtHttp(peer, wire, handshake.signal);
    if (reply.outcome !== 'lost' || reply.fault?.status !== undefined) return era;
    if (started?.exit != null) throw beforeAnswer(started, wire);
    if (started === null || handshake.signal?.aborted === true)
      throw new ReachFault(reply.fault ?? { phase: 'http', message: reply.message });
    if (monotonicMs() > deadline) {
      const message = `the server was started, but ${shownUrl(wire.client.url)} did not answer within ${String(handshake.timeoutMs / 1000)} s${lastWords(started.stderrTail())}`;
      throw new ReachFault({ phase: 'connect', message });
    }
    await pause(POLL_MS);
  }
}

async function shakeHands(
  peer: Peer,
  wire: HttpWire,
  era: Era,
  options: HandshakeOptions,
  started: StartedProcess | null,
): Promise<{ readonly agreement: Agreement; readonly finalWire: Wire }> {
  const deadline = monotonicMs() + options.timeoutMs;
  for (;;) {
    try {
      return {
        agreement: await (era === '2026' ? discover(peer, wire, options) : initialize(peer, wire, options)),
        finalWire: wire,
      };
    } catch (error) {
      if (!(error instanceof ReachFault)) throw error;
      const { status, phase } = error.fault;
      if (started?.exit != null) throw beforeAnswer(started, wire);
      // Era given, so nobody looked before: the server may still be starting.
      const starting =
        started !== null && options.era !== null && phase !== 'handshake' && status === undefined;
      if (starting && monotonicMs() < deadline && options.signal?.aborted !== true) {
        await pause(POLL_MS);
        continue;
      }
      if (status === undefined || status < 400 || status > 499 || status === 401 || status === 403)
        throw error;
      const legacy = await openLegacySse(wire.client, peer, options.timeoutMs);
      if (legacy === null) throw error;
      peer.attach(legacy);
      return { agreement: await initialize(peer, legacy, { ...options, era: '2025' }), finalWire: legacy };
    }
  }
}

function beforeAnswer(started: StartedProcess, wire: HttpWire): ReachFault {
  const how = started.exit === null ? 'stopped' : describeExit(started.exit);
  return new ReachFault({
    phase: 'spawn',
    message: `the server ${how} before ${shownUrl(wire.client.url)} answered${lastWords(started.stderrTail())}`,
  });
}

function listens(url: URL): Promise<boolean> {
  const port = Number(url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : url.port);
  return new Promise((resolve) => {
    const socket = connect({ host: url.hostname.replace(/^\[|\]$/g, ''), port });
    const end = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(PORT_CHECK_MS, () => end(false));
    socket.once('connect', () => end(true));
    socket.once('error', () => end(false));
  });
}
