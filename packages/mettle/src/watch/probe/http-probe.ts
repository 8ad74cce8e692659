import type { TargetSpec } from '../../evidence/index.ts';
import { ProbeConnection } from './connection.ts';
import { ProbeFault } from './fault.ts';
import { shakeHands } from './handshake.ts';
import { Look } from './look.ts';
import type { ProbeOptions } from './outcome.ts';
import { ProbeRpc } from './rpc.ts';

type HttpSpec = Extract<TargetSpec, { readonly kind: 'http' }>;

/** Looks at a server by its URL until `deadlineMs`, with these headers. Rejects only with UsageError, or the signal's reason. */
export async function lookOverHttp(
  spec: HttpSpec,
  headers: Readonly<Record<string, string>>,
  options: ProbeOptions & { readonly timeoutMs: number },
  signal: AbortSignal | undefined,
): Promise<Look> {
  const url = new URL(spec.url);
  const look = new Look();
  const connection = new ProbeConnection(url, options.ca);
  const time = { startedAtMs: look.startedAtMs, deadlineMs: look.startedAtMs + options.timeoutMs };
  const rpc = new ProbeRpc(connection, url, headers, time, signal);
  try {
    try {
      await takeSteps(rpc, look, options, connection);
    } catch (error) {
      if (!(error instanceof ProbeFault)) throw error;
      look.fault = await placed(error, rpc);
      look.status = error.status ?? look.status;
    }
    look.end();
    await look.lookInside(rpc, options, signal);
    return look;
  } finally {
    look.certificate = connection.certificate;
    // Also when the user interrupts: no session is left behind.
    look.sessionEnd = await rpc.end();
    connection.destroy();
  }
}

async function takeSteps(
  rpc: ProbeRpc,
  look: Look,
  options: ProbeOptions,
  connection: ProbeConnection,
): Promise<void> {
  try {
    look.agreement = await shakeHands(rpc, options.era ?? null);
  } finally {
    for (const { phase, durationMs } of connection.laps) look.add(phase, durationMs);
    if (rpc.firstHeadersAtMs !== null) look.lap('http', rpc.firstHeadersAtMs);
  }
  look.status = look.agreement.status;
  look.lap('handshake');
  await look.useTools(rpc, options);
}

/** A server that answers HTTP, but not MCP, fails in its handshake: that is told by one plain GET. */
async function placed(fault: ProbeFault, rpc: ProbeRpc): Promise<ProbeFault> {
  const unanswered = fault.phase === 'http' && fault.status === null && rpc.leftMs <= 0;
  if (!unanswered) return fault;
  const status = await rpc.signOfLife();
  return status === null
    ? fault
    : new ProbeFault('handshake', `${fault.message}; HTTP it does answer (${String(status)} to a GET)`);
}
