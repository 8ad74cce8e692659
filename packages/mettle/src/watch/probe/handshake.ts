import type { Era } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { quoteShort } from '../../session/fault-sentences.ts';
import { initializeParams } from '../../session/peer.ts';
import {
  HANDSHAKE_VERSIONS,
  isObject,
  STATELESS_VERSIONS,
  type JsonObject,
  type RpcError,
} from '../../session/rpc-message.ts';
import { ProbeFault } from './fault.ts';
import type { ProbeRpc, RpcAnswer } from './rpc.ts';

/** Older servers may swallow a method that they do not know: then there must be time left for the older handshake. */
const DISCOVER_MS = 5000;
/** An answer of the handshake holds names, capabilities and instructions. */
const MAX_BYTES = 1024 * 1024;
const SERVER_INFO = 'io.modelcontextprotocol/serverInfo';

export interface Agreement {
  readonly era: Era;
  readonly protocolVersion: string;
  readonly server: { readonly name: string; readonly version: string } | null;
  readonly capabilities: JsonObject;
  readonly status: number | null;
}

/** Agrees with the server on era and version: the era of the last look first. Rejects with ProbeFault. */
export async function shakeHands(rpc: ProbeRpc, last: Era | null): Promise<Agreement> {
  if (last === '2025') {
    const answer = await initialize(rpc);
    if ('result' in answer.reply) return settled(rpc, answer, answer.reply.result);
    return (await discover(rpc)) ?? refused(rpc, answer.reply.error, answer);
  }
  const modern = await discover(rpc);
  if (modern !== null) return modern;
  const answer = await initialize(rpc);
  if ('result' in answer.reply) return settled(rpc, answer, answer.reply.result);
  return refused(rpc, answer.reply.error, answer);
}

/** Null for any answer that is not of the 2026 era, and for none: the specification allows no single code for it. */
async function discover(rpc: ProbeRpc): Promise<Agreement | null> {
  const version = STATELESS_VERSIONS[0] ?? '';
  rpc.settle('2026', version);
  try {
    const answerByMs = monotonicMs() + Math.min(DISCOVER_MS, rpc.leftMs / 2);
    const { status, reply } = await rpc.request('server/discover', undefined, {
      phase: 'handshake',
      maxBytes: MAX_BYTES,
      answerByMs,
    });
    if ('error' in reply) return null;
    const { result } = reply;
    const offered = result['supportedVersions'];
    if (!Array.isArray(offered) || !offered.includes(version)) return null;
    const meta = isObject(result['_meta']) ? result['_meta'] : {};
    return agreementOf('2026', version, result, meta[SERVER_INFO] ?? result['serverInfo'], status);
  } catch (error) {
    if (!(error instanceof ProbeFault) || isFinal(error)) throw error;
    return null;
  }
}

/** What the older handshake would meet as well. */
function isFinal({ phase, status }: ProbeFault): boolean {
  if (phase !== 'http' && phase !== 'handshake') return true;
  return status === 401 || status === 403 || (status !== null && status >= 300 && status < 400);
}

function initialize(rpc: ProbeRpc): Promise<RpcAnswer> {
  rpc.settle('2025', null);
  return rpc.request('initialize', initializeParams(), { phase: 'handshake', maxBytes: MAX_BYTES });
}

async function settled(rpc: ProbeRpc, { status }: RpcAnswer, result: JsonObject): Promise<Agreement> {
  const version = result['protocolVersion'];
  if (typeof version !== 'string' || !HANDSHAKE_VERSIONS.includes(version)) {
    const said =
      typeof version === 'string'
        ? `chose protocol version ${quoteShort(version)}`
        : 'named no protocol version';
    throw new ProbeFault(
      'handshake',
      `${rpc.who} ${said} in the handshake, but Mettle speaks ${HANDSHAKE_VERSIONS.join(', ')} and ${STATELESS_VERSIONS.join(', ')}`,
      { status },
    );
  }
  rpc.settle('2025', version);
  await rpc.notify('notifications/initialized', 'handshake');
  return agreementOf('2025', version, result, result['serverInfo'], status);
}

function refused(rpc: ProbeRpc, error: RpcError, { status }: RpcAnswer): never {
  throw new ProbeFault(
    'handshake',
    `${rpc.who} answered initialize with error ${String(error.code)}: ${quoteShort(error.message)}`,
    { status },
  );
}

function agreementOf(
  era: Era,
  protocolVersion: string,
  { capabilities }: JsonObject,
  info: unknown,
  status: number | null,
): Agreement {
  return {
    era,
    protocolVersion,
    server:
      isObject(info) && typeof info['name'] === 'string'
        ? { name: info['name'], version: typeof info['version'] === 'string' ? info['version'] : '' }
        : null,
    capabilities: isObject(capabilities) ? capabilities : {},
    status,
  };
}
