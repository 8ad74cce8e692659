import type { Reply, Session } from '../../src/session/session.ts';
import type { CallSource, LoadContext } from '../../src/load/load.ts';

/** What a virtual server does with one call: when it is done, and with what. */
export interface Answer {
  readonly doneAtMs: number;
  readonly reply?: Partial<Reply>;
  readonly cpuMs?: number;
  readonly hostDelayMs?: number;
}
export type Serve = (tool: string, nowMs: number, params: Readonly<Record<string, unknown>>) => Answer;

/**
 * A server in virtual time: the clock leaps to the next answer as soon as everyone waits, so that profiles of minutes
 * run in milliseconds and give the same figures every time.
 */
export class VirtualServer {
  nowMs = 1000;
  readonly received: {
    readonly tool: string;
    readonly atMs: number;
    readonly params: Readonly<Record<string, unknown>>;
  }[] = [];
  readonly progress: { readonly subject: string | null; readonly done: number; readonly calls: number }[] =
    [];
  inFlight = 0;
  mostInFlight = 0;
  exit: NonNullable<Session['process']>['exit'] = null;
  readonly abort: AbortController = new AbortController();
  readonly #serve: Serve;
  readonly #due: { readonly atMs: number; readonly run: () => void }[] = [];
  #pumping = false;
  #cpuMs = 0;
  #hostDelayMs = 0;
  readonly clockReadable: boolean;

  constructor(serve: Serve, options: { readonly clockReadable?: boolean } = {}) {
    this.#serve = serve;
    this.clockReadable = options.clockReadable ?? true;
  }

  readonly now = (): number => this.nowMs;

  at(atMs: number, run: () => void): void {
    this.#due.push({ atMs, run });
    if (this.#pumping) return;
    this.#pumping = true;
    setImmediate(() => this.#pump());
  }

  /** A source of calls of one tool; the call's number is its only argument. */
  source(tool: string, weight = 1): CallSource {
    return {
      subject: { name: tool, kind: 'tool' },
      weight,
      call: (i) => ({ method: 'tools/call', params: { name: tool, arguments: { i } } }),
    };
  }

  context(): LoadContext {
    return {
      session: this.#session(),
      clock: {
        mainThread: () =>
          this.clockReadable ? { cpuMs: this.#cpuMs, hostDelayMs: this.#hostDelayMs } : null,
        processTree: () => (this.clockReadable ? { cpuMs: this.#cpuMs * 2, rssBytes: 1 } : null),
      },
      signal: this.abort.signal,
      callTimeoutMs: 30_000,
      onProgress: (progress) => this.progress.push(progress),
    };
  }

  #pump(): void {
    let next = 0;
    for (const [i, due] of this.#due.entries())
      if (due.atMs < (this.#due[next] as { atMs: number }).atMs) next = i;
    const due = this.#due.splice(next, 1)[0];
    if (due !== undefined) {
      this.nowMs = Math.max(this.nowMs, due.atMs);
      due.run();
    }
    // Promise reactions run before the next immediate: whoever wants to send at this moment has sent by then.
    if (this.#due.length > 0) setImmediate(() => this.#pump());
    else this.#pumping = false;
  }

  #session(): Session {
    const currentExit = (): VirtualServer['exit'] => this.exit;
    return {
      era: '2025',
      protocolVersion: '2025-11-25',
      serverInfo: null,
      capabilities: {},
      instructions: null,
      stdoutNoise: null,
      process: {
        pid: 1,
        exited: new Promise(() => {}),
        get exit() {
          return currentExit();
        },
        stderrTail: () => [],
        stop: async () => {},
      },
      request: (_method, params = {}) => this.#answer(params),
      notify: () => {},
      nextRequestId: 1,
      openChannel: () => {
        throw new Error('a virtual server has no wire');
      },
      close: async () => {},
      leave: async () => {},
    };
  }

  #answer(params: Readonly<Record<string, unknown>>): Promise<Reply> {
    const sentAtMs = this.nowMs;
    const tool = String(params['name']);
    this.received.push({ tool, atMs: sentAtMs, params });
    this.inFlight++;
    this.mostInFlight = Math.max(this.mostInFlight, this.inFlight);
    const answer = this.#serve(tool, sentAtMs, params);
    return new Promise((resolve) => {
      this.at(answer.doneAtMs, () => {
        this.inFlight--;
        this.#cpuMs += answer.cpuMs ?? 0;
        this.#hostDelayMs += answer.hostDelayMs ?? 0;
        resolve({
          sentAtMs,
          latencyMs: answer.doneAtMs - sentAtMs,
          bytes: 10,
          outcome: 'result',
          result: { content: [] },
          ...answer.reply,
        } as Reply);
      });
    });
  }
}

/** Calls take so long, however many there are at once. */
export function parallel(latencyMs: Readonly<Record<string, number>>): Serve {
  return (tool, nowMs) => ({ doneAtMs: nowMs + (latencyMs[tool] as number), cpuMs: 0.5 });
}

/** At most `lanes` calls are worked on at once; the others wait their turn. */
export function pooled(lanes: number, latencyMs: number): Serve {
  const freeAtMs = Array.from({ length: lanes }, () => 0);
  return (_tool, nowMs) => {
    const lane = freeAtMs.indexOf(Math.min(...freeAtMs));
    const doneAtMs = Math.max(nowMs, freeAtMs[lane] as number) + latencyMs;
    freeAtMs[lane] = doneAtMs;
    return { doneAtMs };
  };
}

export const TOOL_ERROR: Partial<Reply> = {
  outcome: 'result',
  result: { isError: true, content: [{ type: 'text', text: 'no such item' }] },
};
