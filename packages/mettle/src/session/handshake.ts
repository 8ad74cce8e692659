import type { Era } from '../evidence/index.ts';
import { quoteShort } from './fault-sentences.ts';
import { initializeParams, type Peer, type PeerReply } from './peer.ts';
import {
  clientCapabilities,
  CLIENT_INFO,
  HANDSHAKE_VERSIONS,
  isObject,
  STATELESS_VERSIONS,
  UNSUPPORTED_VERSION,
  type JsonObject,
} from './rpc-message.ts';
import type { Fault, Wire } from './wire.ts';

const META = 'io.modelcontextprotocol/';

/** What both sides agreed upon. */
export interface Agreement {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly serverInfo: { readonly name: string; readonly version: string } | null;
  readonly capabilities: JsonObject;
  readonly instructions: string | null;
}

/** The server was reached, but no session came of it. Turned into a TargetError where the process is known. */
export class ReachFault extends Error {
  readonly fault: Fault;
  constructor(fault: Fault) {
    super(fault.message);
    this.fault = fault;
  }
}

export interface HandshakeOptions {
  /** Null: not known for certain, so a server that refuses the 2025 handshake is asked for the other one too. */
  readonly era: Era | null;
  readonly timeoutMs: number;
  readonly signal?: AbortSignal;
}

/** `_meta` of every request of the 2026 era. */
export function modernMeta(version: string): JsonObject {
  return {
    [`${META}protocolVersion`]: version,
    [`${META}clientInfo`]: CLIENT_INFO,
    [`${META}clientCapabilities`]: clientCapabilities('2026'),
  };
}

/** The 2025 handshake. Throws ReachFault. */
export async function initialize(peer: Peer, wire: Wire, options: HandshakeOptions): Promise<Agreement> {
  wire.settle('2025', null);
  const reply = await peer.request('initialize', initializeParams(), options);
  if (reply.outcome === 'error' && options.era === null) {
    const agreement = await discover(peer, wire, options).catch(() => null);
    if (agreement !== null) return agreement;
    wire.settle('2025', null);
  }
  const result = resultOf(reply, 'initialize', options.timeoutMs);
  const version = result['protocolVersion'];
  if (typeof version !== 'string' || !HANDSHAKE_VERSIONS.includes(version)) {
    const said =
      typeof version === 'string'
        ? `chose protocol version ${quoteShort(version)}`
        : 'named no protocol version';
    throw new ReachFault({
      phase: 'handshake',
      message: `the server ${said} in the handshake, but Mettle speaks ${HANDSHAKE_VERSIONS.join(', ')} and ${STATELESS_VERSIONS.join(', ')}`,
    });
  }
  wire.settle('2025', version);
  peer.notify('notifications/initialized');
  return agreementOf('2025', version, result, result['serverInfo']);
}

/** The 2026 era's first question, which agrees on a version. Throws ReachFault. */
export async function discover(peer: Peer, wire: Wire, options: HandshakeOptions): Promise<Agreement> {
  let version = STATELESS_VERSIONS[0] ?? '';
  let reply = await askDiscover(peer, wire, version, options);
  const other = supportedVersion(reply);
  if (reply.outcome === 'error' && other !== null && other !== version) {
    version = other;
    reply = await askDiscover(peer, wire, version, options);
  }
  const result = resultOf(reply, 'server/discover', options.timeoutMs);
  if (supportedVersion(reply) === null) {
    const supported = JSON.stringify(result['supportedVersions'] ?? null);
    throw new ReachFault({
      phase: 'handshake',
      message: `the server supports the protocol versions ${supported}, of which Mettle speaks none`,
    });
  }
  const meta = isObject(result['_meta']) ? result['_meta'] : {};
  return agreementOf('2026', version, result, meta[`${META}serverInfo`] ?? result['serverInfo']);
}

/** The version without a handshake that both sides speak, by any answer to server/discover; null when it shows none. */
export function supportedVersion(reply: PeerReply): string | null {
  let offered: unknown;
  if (reply.outcome === 'result') offered = reply.result['supportedVersions'];
  else if (
    reply.outcome === 'error' &&
    reply.error.code === UNSUPPORTED_VERSION &&
    isObject(reply.error.data)
  )
    offered = reply.error.data['supported'];
  return Array.isArray(offered)
    ? (STATELESS_VERSIONS.find((version) => offered.includes(version)) ?? null)
    : null;
}

export function askDiscover(
  peer: Peer,
  wire: Wire,
  version: string,
  options: Pick<HandshakeOptions, 'timeoutMs' | 'signal'>,
): Promise<PeerReply> {
  wire.settle('2026', version);
  return peer.request('server/discover', { _meta: modernMeta(version) }, options);
}

function resultOf(reply: PeerReply, method: string, timeoutMs: number): JsonObject {
  if (reply.outcome === 'result') return reply.result;
  if (reply.outcome === 'error') {
    throw new ReachFault({
      phase: 'handshake',
      message: `the server answered ${method} with error ${String(reply.error.code)}: ${quoteShort(reply.error.message)}`,
    });
  }
  if (reply.outcome === 'timeout') {
    throw new ReachFault({
      phase: reply.fault?.phase ?? 'handshake',
      message: `the server did not answer ${method} within ${String(timeoutMs / 1000)} s`,
    });
  }
  throw new ReachFault(reply.fault ?? { phase: 'handshake', message: reply.message });
}

function agreementOf(era: Era, protocolVersion: string, result: JsonObject, info: unknown): Agreement {
  const { capabilities, instructions } = result;
  return {
    era,
    protocolVersion,
    serverInfo:
      isObject(info) && typeof info['name'] === 'string'
        ? { name: info['name'], version: typeof info['version'] === 'string' ? info['version'] : '' }
        : null,
    capabilities: isObject(capabilities) ? capabilities : {},
    instructions: typeof instructions === 'string' ? instructions : null,
  };
}
