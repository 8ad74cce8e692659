import type { CertificateFacts, InsideLook, ProbeOutcome, ReachPhase } from '../../evidence/index.ts';
import { redactText } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { asSentence, shownTime, type ProbeFault } from './fault.ts';
import type { Agreement } from './handshake.ts';
import { readHealth } from './health-resource.ts';
import type { ProbeOptions, ProbeTarget } from './outcome.ts';
import { readTools } from './read-tools.ts';
import type { RpcSource } from './rpc.ts';
import { callTool } from './tool-call.ts';

/** As much as the SDK's own stdio transport takes in one message. */
const DEFAULT_MAX_BYTES = 10 * 1024 * 1024;
/** Clients list before they show anything: from here on a listing is looked at twice more (see slow-tools-list). */
const SLOW_LIST_MS = 500;
const CONFIRMATIONS = 2;

/** What one look has found so far; in the end, the outcome. */
export class Look {
  readonly phases: { readonly phase: ReachPhase; readonly durationMs: number }[] = [];
  agreement: Agreement | null = null;
  tools: ProbeOutcome['tools'] = null;
  call: ProbeOutcome['call'] = null;
  readonly listMs: number[] = [];
  status: number | null = null;
  fault: ProbeFault | null = null;
  certificate: CertificateFacts | null = null;
  sessionEnd: ProbeOutcome['sessionEnd'] = 'none';
  stderrTail: readonly string[] = [];
  inside: InsideLook | null = null;
  readonly #startedAt: string = new Date().toISOString();
  readonly #startedAtMs: number = monotonicMs();
  #lapStartedMs: number = this.#startedAtMs;
  #durationMs = 0;

  get startedAtMs(): number {
    return this.#startedAtMs;
  }

  /** A phase of known length. */
  add(phase: ReachPhase, durationMs: number): void {
    this.phases.push({ phase, durationMs });
    this.#lapStartedMs += durationMs;
  }

  /** A phase that lasted from the end of the one before until now, or until then. */
  lap(phase: ReachPhase, untilMs: number = monotonicMs()): void {
    this.phases.push({ phase, durationMs: Math.max(0, untilMs - this.#lapStartedMs) });
    this.#lapStartedMs = untilMs;
  }

  /** What happened since the last phase belongs to none. */
  resume(): void {
    this.#lapStartedMs = monotonicMs();
  }

  /** The verdict stands: whatever follows takes no time of it. */
  end(): void {
    this.#durationMs = monotonicMs() - this.#startedAtMs;
  }

  /** Lists the tools and makes the call, as far as asked for. Rejects with ProbeFault. */
  async useTools(rpc: RpcSource, options: ProbeOptions): Promise<void> {
    if (this.agreement?.capabilities['tools'] === undefined) return;
    const { maxAnswerBytes = DEFAULT_MAX_BYTES } = options;
    const read = async (): ReturnType<typeof readTools> => {
      const startedMs = monotonicMs();
      const result = await readTools(rpc, maxAnswerBytes);
      this.listMs.push(monotonicMs() - startedMs);
      return result;
    };
    const { listing, items, status } = await read();
    this.tools = listing;
    this.status = status;
    this.lap('list');
    if (options.confirmSlowList === true && (this.listMs[0] ?? 0) >= SLOW_LIST_MS) {
      // What there is no time for is not a fault of the server, which has answered once.
      while (this.listMs.length <= CONFIRMATIONS && rpc.leftMs >= 2 * Math.max(...this.listMs)) await read();
      this.resume();
    }
    if (options.call == null) return;
    this.call = await callTool(rpc, { ...options.call, maxBytes: maxAnswerBytes }, items, options);
    this.lap('call');
  }

  /** Asks for the inside, once the verdict stands: whatever comes of it changes nothing. Rejects only with the signal's reason. */
  async lookInside(rpc: RpcSource, { inside }: ProbeOptions, signal: AbortSignal | undefined): Promise<void> {
    if (inside == null || this.agreement === null) return;
    this.inside = await readHealth(rpc, this.agreement.capabilities, inside.health, signal);
  }

  outcome(target: ProbeTarget, authorisation: ProbeOutcome['authorisation']): ProbeOutcome {
    const { fault, agreement } = this;
    const unauthorised = authorisation?.metadata === 'correct';
    const sentence =
      fault === null
        ? this.#upSentence()
        : asSentence(
            authorisation === null
              ? fault.message
              : unauthorised
                ? `reachable, but unauthorised: ${authorisation.said}`
                : `${fault.message}; ${authorisation.said}`,
          );
    return {
      target: target.name,
      startedAt: this.#startedAt,
      durationMs: this.#durationMs,
      status: fault === null ? 'up' : unauthorised ? 'unauthorised' : 'down',
      phases: this.phases,
      failedPhase: fault?.phase ?? null,
      sentence: redactText(sentence),
      era: agreement?.era ?? null,
      protocolVersion: agreement?.protocolVersion ?? null,
      server: agreement?.server ?? null,
      httpStatus: this.status,
      tools: this.tools,
      listMs: this.listMs,
      call: this.call,
      certificate: this.certificate,
      authorisation,
      sessionEnd: this.sessionEnd,
      stderrTail: this.stderrTail,
      inside: this.inside,
    };
  }

  #upSentence(): string {
    // A second process, started to learn the era, is Mettle's time and not the server's.
    const tookMs = this.phases.reduce((sum, { durationMs }) => sum + durationMs, 0);
    const { agreement, tools, call } = this;
    const who =
      agreement?.server == null
        ? 'The server'
        : `${agreement.server.name} ${agreement.server.version}`.trim();
    const listed =
      tools === null
        ? 'declares no tools'
        : `lists ${String(tools.count)} ${tools.count === 1 ? 'tool' : 'tools'}`;
    const called = call === null ? '' : `, answered ${call.tool}`;
    return `${who} speaks MCP ${agreement?.protocolVersion ?? ''}, ${listed}${called}, in ${shownTime(tookMs)}.`;
  }
}
