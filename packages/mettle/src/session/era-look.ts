import type { Era } from '../evidence/index.ts';
import { answerWith } from './client-replies.ts';
import { settlesWithin } from './clock.ts';
import { askDiscover, supportedVersion } from './handshake.ts';
import { initializeParams, Peer, type PeerReply } from './peer.ts';
import { STATELESS_VERSIONS } from './rpc-message.ts';
import { StartedProcess, type StartOptions } from './started-process.ts';
import { StdioWire } from './stdio-wire.ts';
import type { Wire } from './wire.ts';

/** Over stdio this spans the server's whole start; one that is slower still is found out by the real handshake. */
const STDIO_LOOK_MS = 8000;
/** Over HTTP the server is up already. */
const HTTP_LOOK_MS = 5000;
/** Once `initialize` has been answered, an answer to the earlier server/discover must be close behind. */
const STRAGGLER_MS = 1000;

/** Which era a stdio server speaks, by a process started for this look alone. Any answer that is not modern means 2025. */
export async function lookAtStdio(
  start: StartOptions,
  handshakeTimeoutMs: number,
  signal: AbortSignal | undefined,
): Promise<Era> {
  let started: StartedProcess;
  try {
    started = await StartedProcess.start(start);
  } catch {
    return '2025'; // The real start will tell why.
  }
  const peer = new Peer(answerWith({}, null));
  const wire = new StdioWire(started, peer);
  peer.attach(wire);
  const options = {
    timeoutMs: Math.min(STDIO_LOOK_MS, handshakeTimeoutMs),
    ...(signal === undefined ? {} : { signal }),
  };
  const modern = askDiscover(peer, wire, STATELESS_VERSIONS[0] ?? '', options);
  // Servers that ignore unknown methods answer this one: so an older server is told from one that is slow to start.
  const classic = peer.request('initialize', initializeParams(), options);
  await Promise.race([modern, classic]);
  const answered = await settlesWithin(modern, STRAGGLER_MS);
  const era = answered ? eraOf(await modern) : '2025';
  await started.stop(0);
  return era;
}

/** Which era a server behind a URL speaks, by one POST; `reply` tells whether it answered at all. */
export async function lookAtHttp(
  peer: Peer,
  wire: Wire,
  signal: AbortSignal | undefined,
): Promise<{ readonly era: Era; readonly reply: PeerReply }> {
  const reply = await askDiscover(peer, wire, STATELESS_VERSIONS[0] ?? '', {
    timeoutMs: HTTP_LOOK_MS,
    ...(signal === undefined ? {} : { signal }),
  });
  return { era: eraOf(reply), reply };
}

function eraOf(answer: PeerReply): Era {
  return supportedVersion(answer) === null ? '2025' : '2026';
}
