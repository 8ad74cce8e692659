import type { AdversarialCase, AdversarialEvidence, ToolInfo } from '../../evidence/index.ts';
import { redactText } from '../../evidence/index.ts';
import type { HostileCase } from '../../load/hostile.ts';
import { lastWords, monotonicMs, openProcessClock, settlesWithin } from '../../session/index.ts';
import type { ProcessClock, Reply, Session } from '../../session/index.ts';
import { seedFor } from '../../stats/index.ts';
import { describeEnd } from './last-words.ts';

/** CPU of one call that keeps everybody else waiting for longer than a person takes for "at once" (100 ms), with room for the host. */
const BLOCKED_CPU_MS = 250;
/** Without a clock: how long another request waits beside the call. Far above what a busy host does. */
const BLOCKED_WAIT_MS = 2000;
/** A hostile call is given this long; what is slower is as good as hung. */
const MOST_TIMEOUT_MS = 5000;
/** A server that dies so often is not worth more restarts. */
const MOST_RESTARTS = 10;
const SHOWN_ARGUMENTS = 400;
/** For a process to end whose connection was lost. */
const LAST_BREATH_MS = 5000;
/** Between an answer and the next call: timers that the call left behind and that are due by then are the call's. */
const AFTERMATH_MS = 20;
/** The first may be read before timers that were due while the server had no processor; what is read next comes after them. */
const AFTERMATH_LISTINGS = 2;
const INTERNAL_ERROR = -32_603;

export interface Attack {
  readonly tools: readonly ToolInfo[];
  /** Names of the tools that may be called. */
  readonly called: ReadonlySet<string>;
  readonly session: Session;
  /** Opens the server again after it has died; null when Mettle did not start it. */
  readonly reopen: (() => Promise<Session>) | null;
  readonly callTimeoutMs: number;
  readonly seed: number;
  readonly untilMs: number;
  readonly signal: AbortSignal;
  readonly onCase: (share: number, tool: string) => void;
}

/** Calls every tool that may be called with hostile arguments, one call at a time, and tells what the server did not survive. */
export async function attackWithArguments(attack: Attack): Promise<AdversarialEvidence> {
  // What draws random text is large, and only this needs it.
  const { hostileArguments } = await import('../../load/hostile.ts');
  const victim = new Victim(attack);
  const tools = attack.tools.filter(({ name }) => attack.called.has(name));
  const tried: AdversarialEvidence['tools'][number][] = [];
  const cases: AdversarialCase[] = [];
  for (const [i, tool] of tools.entries()) {
    const hostile = hostileArguments(tool.inputSchema, {
      seed: seedFor(attack.seed, tool.name),
      hints: { tool: tool.name },
    });
    const counts = { name: tool.name, planned: hostile.length, calls: 0, answered: 0, refused: 0 };
    for (const [k, each] of hostile.entries()) {
      if (attack.signal.aborted || monotonicMs() > attack.untilMs || !(await victim.isAlive())) break;
      attack.onCase((i + k / hostile.length) / tools.length, tool.name);
      const { reply, fault } = await victim.suffer(tool.name, each);
      if (attack.signal.aborted) break;
      counts.calls++;
      if (reply.outcome === 'result' && reply.result['isError'] !== true) counts.answered++;
      else if (reply.outcome === 'result' || reply.outcome === 'error') counts.refused++;
      if (fault !== null) cases.push(fault);
    }
    tried.push(counts);
  }
  await victim.end();
  return { tools: tried, cases, restarts: victim.restarts };
}

/** The server under attack: begun again when it died. */
class Victim {
  restarts = 0;
  readonly #attack: Attack;
  #session: Session;
  #clock: ProcessClock;
  /** The last call got no answer: it may still be at work. */
  #inDoubt = false;

  constructor(attack: Attack) {
    this.#attack = attack;
    this.#session = attack.session;
    this.#clock = openProcessClock(attack.session.process?.pid ?? null);
  }

  /** False when it is dead and stays so. A server that still computes for an earlier call is as good as dead. */
  async isAlive(): Promise<boolean> {
    if (!this.#isDead() && (!this.#inDoubt || (await this.#answers()))) return true;
    const { reopen } = this.#attack;
    if (reopen === null || this.restarts >= MOST_RESTARTS) return false;
    this.restarts++;
    await this.#session.process?.stop();
    await this.end();
    this.#inDoubt = false;
    try {
      this.#session = await reopen();
    } catch {
      return false;
    }
    this.#clock = openProcessClock(this.#session.process?.pid ?? null);
    return true;
  }

  async suffer(
    tool: string,
    hostile: HostileCase,
  ): Promise<{ readonly reply: Reply; readonly fault: AdversarialCase | null }> {
    const { callTimeoutMs, signal } = this.#attack;
    const timeoutMs = Math.min(callTimeoutMs, MOST_TIMEOUT_MS);
    const cpuBefore = this.#clock.mainThread()?.cpuMs;
    const calling = this.#session.request(
      'tools/call',
      { name: tool, arguments: hostile.arguments },
      { timeoutMs, signal },
    );
    // Another client's request, as it were: how long does it wait?
    const beside = this.#session.request('tools/list', {}, { timeoutMs, signal });
    const [reply, other] = await Promise.all([calling, beside]);
    if (reply.outcome === 'result' || reply.outcome === 'error') await this.#aftermath(timeoutMs);
    else await this.#lastBreath(reply.outcome === 'lost' ? LAST_BREATH_MS : AFTERMATH_MS);
    this.#inDoubt = reply.outcome === 'timeout' || reply.outcome === 'lost' || other.outcome === 'timeout';
    const cpuAfter = this.#clock.mainThread()?.cpuMs;
    const mainCpuMs = cpuBefore === undefined || cpuAfter === undefined ? null : cpuAfter - cpuBefore;
    const seen = this.#faultOf(reply, other, mainCpuMs);
    if (seen === null) return { reply, fault: null };
    const text = redactText(JSON.stringify(hostile.arguments));
    return {
      reply,
      fault: {
        tool,
        what: hostile.what,
        ...seen,
        arguments: text.length > SHOWN_ARGUMENTS ? `${text.slice(0, SHOWN_ARGUMENTS - 1)}…` : text,
        latencyMs: reply.latencyMs,
        mainCpuMs,
      },
    };
  }

  async end(): Promise<void> {
    this.#clock.close();
    // The first session is its opener's to close.
    if (this.#session !== this.#attack.session) await this.#session.close();
  }

  async #answers(): Promise<boolean> {
    const { signal } = this.#attack;
    const reply = await this.#session.request('tools/list', {}, { timeoutMs: MOST_TIMEOUT_MS, signal });
    this.#inDoubt = reply.outcome === 'timeout' || reply.outcome === 'lost';
    return !this.#inDoubt;
  }

  #isDead(): boolean {
    return (this.#session.process?.exit ?? null) !== null;
  }

  /**
   * What a call leaves behind may kill the process just after its answer; the next call is not to be blamed. On a busy
   * machine time alone proves nothing: a server that answered twice after it has run every timer that was due.
   */
  async #aftermath(timeoutMs: number): Promise<void> {
    const { signal } = this.#attack;
    await this.#lastBreath(AFTERMATH_MS);
    for (let i = 0; i < AFTERMATH_LISTINGS && !this.#isDead(); i++) {
      const reply = await this.#session.request('tools/list', {}, { timeoutMs, signal });
      if (reply.outcome === 'lost') return this.#lastBreath(LAST_BREATH_MS);
      if (reply.outcome !== 'result') return;
    }
  }

  async #lastBreath(patienceMs: number): Promise<void> {
    const { process } = this.#session;
    if (process !== null) await settlesWithin(process.exited, patienceMs);
  }

  #faultOf(
    reply: Reply,
    other: Reply,
    mainCpuMs: number | null,
  ): Pick<AdversarialCase, 'outcome' | 'detail'> | null {
    const exit = this.#session.process?.exit ?? null;
    if (exit !== null) {
      const said = lastWords(this.#session.process?.stderrTail() ?? []);
      return { outcome: 'crashed', detail: `${describeEnd(exit)}${said}` };
    }
    if (mainCpuMs !== null && mainCpuMs > BLOCKED_CPU_MS)
      return { outcome: 'blocked', detail: `the main thread computed for ${mainCpuMs.toFixed(0)} ms` };
    if (mainCpuMs === null && other.latencyMs > BLOCKED_WAIT_MS)
      return { outcome: 'blocked', detail: `another request waited ${other.latencyMs.toFixed(0)} ms` };
    if (reply.outcome === 'timeout') return { outcome: 'timeout', detail: reply.message };
    if (reply.outcome === 'lost')
      return {
        outcome: /malformed|not JSON/.test(reply.message) ? 'invalid-answer' : 'connection',
        detail: reply.message,
      };
    if (reply.outcome === 'error' && reply.error.code === INTERNAL_ERROR)
      return {
        outcome: 'protocol-error',
        detail: `internal error: ${redactText(reply.error.message).slice(0, 200)}`,
      };
    return null;
  }
}
