import type { CertificateFacts, ProbeOutcome, ReachPhase, TargetSpec } from '../../evidence/index.ts';
import { redactText } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import type { JsonObject } from '../../session/rpc-message.ts';
import { ProbeConnection } from './connection.ts';
import { asSentence, ProbeFault, shownTime } from './fault.ts';
import { shakeHands, type Agreement } from './handshake.ts';
import type { ProbeOptions, ProbeTarget } from './outcome.ts';
import { readTools } from './read-tools.ts';
import { ProbeRpc } from './rpc.ts';
import { callTool } from './tool-call.ts';

type HttpSpec = Extract<TargetSpec, { readonly kind: 'http' }>;

/** Public servers answer in under a second; what takes this long is down for anyone who waits for it. */
export const DEFAULT_TIMEOUT_MS = 10_000;
/** As much as the SDK's own stdio transport takes in one message. */
export const DEFAULT_MAX_BYTES: number = 10 * 1024 * 1024;
/** Clients list before they show anything: from here on a listing is looked at twice more (see slow-tools-list). */
const SLOW_LIST_MS = 500;
const CONFIRMATIONS = 2;

/** What one look has found so far; in the end, the outcome. */
export interface Look {
  readonly phases: { readonly phase: ReachPhase; readonly durationMs: number }[];
  agreement: Agreement | null;
  tools: ProbeOutcome['tools'];
  call: ProbeOutcome['call'];
  readonly listMs: number[];
  status: number | null;
  fault: ProbeFault | null;
  certificate: CertificateFacts | null;
  endedAtMs: number;
}

/** Looks at a server by its URL, with these headers. Rejects only with the signal's reason. */
export async function lookOverHttp(
  spec: HttpSpec,
  headers: Readonly<Record<string, string>>,
  options: ProbeOptions,
  signal: AbortSignal | undefined,
): Promise<{ readonly look: Look; readonly sessionEnd: ProbeOutcome['sessionEnd'] }> {
  const url = new URL(spec.url);
  const startedAtMs = monotonicMs();
  const deadlineMs = startedAtMs + (options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  const connection = new ProbeConnection(url, options.ca);
  const rpc = new ProbeRpc(connection, url, headers, { startedAtMs, deadlineMs }, signal);
  const look = emptyLook();
  try {
    await takeSteps(rpc, look, options, { connection, startedAtMs });
  } catch (error) {
    if (!(error instanceof ProbeFault)) throw error;
    look.fault = await placed(error, rpc);
    look.status = error.status ?? look.status;
  } finally {
    look.endedAtMs = monotonicMs();
    look.certificate = connection.certificate;
    if (signal?.aborted === true) connection.destroy();
  }
  const sessionEnd = await rpc.end();
  connection.destroy();
  signal?.throwIfAborted();
  return { look, sessionEnd };
}

export function emptyLook(): Look {
  return {
    phases: [],
    agreement: null,
    tools: null,
    call: null,
    listMs: [],
    status: null,
    fault: null,
    certificate: null,
    endedAtMs: 0,
  };
}

async function takeSteps(
  rpc: ProbeRpc,
  look: Look,
  options: ProbeOptions,
  { connection, startedAtMs }: { readonly connection: ProbeConnection; readonly startedAtMs: number },
): Promise<void> {
  let lapStartedMs = startedAtMs;
  const lap = (phase: ReachPhase, untilMs = monotonicMs()): void => {
    look.phases.push({ phase, durationMs: Math.max(0, untilMs - lapStartedMs) });
    lapStartedMs = untilMs;
  };
  try {
    look.agreement = await shakeHands(rpc, options.era ?? null);
  } finally {
    for (const each of connection.laps) look.phases.push(each);
    lapStartedMs += connection.laps.reduce((sum, { durationMs }) => sum + durationMs, 0);
    if (rpc.firstHeadersAtMs !== null) lap('http', rpc.firstHeadersAtMs);
  }
  look.status = look.agreement.status;
  lap('handshake');
  if (look.agreement.capabilities['tools'] === undefined) return;
  const items = await listTools(rpc, look, options);
  lap('list');
  if (options.call == null) return;
  look.call = await callTool(rpc, options.call, items, options);
  lap('call');
}

async function listTools(rpc: ProbeRpc, look: Look, options: ProbeOptions): Promise<readonly JsonObject[]> {
  const read = async (): Promise<Awaited<ReturnType<typeof readTools>>> => {
    const startedMs = monotonicMs();
    const result = await readTools(rpc, options.maxAnswerBytes ?? DEFAULT_MAX_BYTES);
    look.listMs.push(monotonicMs() - startedMs);
    return result;
  };
  const { listing, items, status } = await read();
  look.tools = listing;
  look.status = status;
  const slow = (look.listMs[0] ?? 0) >= SLOW_LIST_MS;
  for (let again = 0; options.confirmSlowList === true && slow && again < CONFIRMATIONS; again += 1) {
    // What there is no time for is not a fault of the server, which has answered once.
    if (rpc.leftMs < 2 * Math.max(...look.listMs)) break;
    await read();
  }
  return items;
}

/** A server that answers HTTP, but not MCP, fails in its handshake: that is told by one plain GET. */
async function placed(fault: ProbeFault, rpc: ProbeRpc): Promise<ProbeFault> {
  const unanswered = fault.phase === 'http' && fault.status === null && rpc.leftMs <= 0;
  if (!unanswered) return fault;
  if (rpc.firstHeadersAtMs !== null) return new ProbeFault('handshake', fault.message);
  const status = await rpc.signOfLife();
  return status === null
    ? fault
    : new ProbeFault('handshake', `${fault.message}; HTTP it does answer (${String(status)} to a GET)`);
}

/** The outcome that a look amounts to. */
export function outcomeOf(
  target: ProbeTarget,
  look: Look,
  times: { readonly startedAt: string; readonly startedAtMs: number },
  rest: Pick<ProbeOutcome, 'sessionEnd' | 'authorisation' | 'stderrTail'>,
): ProbeOutcome {
  const { fault, agreement } = look;
  const durationMs = look.endedAtMs - times.startedAtMs;
  const unauthorised = rest.authorisation?.metadata === 'correct';
  const sentence =
    fault === null
      ? upSentence(look, durationMs)
      : asSentence(
          unauthorised ? `reachable, but unauthorised: ${rest.authorisation?.said ?? ''}` : fault.message,
        );
  return {
    target: target.name,
    startedAt: times.startedAt,
    durationMs,
    status: fault === null ? 'up' : unauthorised ? 'unauthorised' : 'down',
    phases: look.phases,
    failedPhase: fault?.phase ?? null,
    sentence: redactText(sentence),
    era: agreement?.era ?? null,
    protocolVersion: agreement?.protocolVersion ?? null,
    server: agreement?.server ?? null,
    httpStatus: look.status,
    tools: look.tools,
    listMs: look.listMs,
    call: look.call,
    certificate: look.certificate,
    ...rest,
  };
}

function upSentence({ agreement, tools, call }: Look, durationMs: number): string {
  const who =
    agreement?.server == null ? 'The server' : `${agreement.server.name} ${agreement.server.version}`.trim();
  const listed =
    tools === null
      ? 'declares no tools'
      : `lists ${String(tools.count)} ${tools.count === 1 ? 'tool' : 'tools'}`;
  const called = call === null ? '' : `, answered ${call.tool}`;
  return `${who} speaks MCP ${agreement?.protocolVersion ?? ''}, ${listed}${called}, in ${shownTime(durationMs)}.`;
}
