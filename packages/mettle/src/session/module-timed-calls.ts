import type { InProcessPlan, InProcessSubject, PlannedRequest } from './module-bench-protocol.ts';
import type { MemoryTransport } from './module-memory-transport.ts';
import type { StepClock } from './module-step-clock.ts';
import { isObject, type JsonObject } from './rpc-message.ts';

export interface TimedCallsOptions extends Pick<InProcessPlan, 'warmUpCalls' | 'timedCalls' | 'budgetMs'> {
  readonly onProgress: (calls: number) => void;
}

type Planned = InProcessPlan['subjects'][number];

/** Calls between two looks at the clock of the budget, and between two turns of the event loop. */
const BLOCK = 50;
/** A block that is not 5 % faster than the fastest before it is no news; so many in a row, and the code is warm. */
const STEADY_RATIO = 0.95;
const STEADY_BLOCKS = 4;
/** Code that still gets faster after so many times the least is warmed up for good. */
const MOST_WARM_UP = 10;
const WARM_UP_SHARE = 0.3;
const JSON_ROUNDS = 200;

/** Warms up and times one subject. Its failures are counted, not timed. */
export async function timeSubject(
  transport: MemoryTransport,
  steps: StepClock,
  planned: Planned,
  options: TimedCallsOptions,
): Promise<InProcessSubject> {
  const startedMs = performance.now();
  const state = new Tally(planned);
  const warm = await warmUp(transport, state, options, startedMs + options.budgetMs * WARM_UP_SHARE);
  const firstErrors = state.errors;
  const totalUs: number[] = [];
  const handlerUs: number[] = [];
  const validationUs: number[] = [];
  const cpuBefore = process.cpuUsage();
  let calls = 0;
  while (calls < options.timedCalls && performance.now() - startedMs < options.budgetMs) {
    for (let i = 0; i < BLOCK && calls < options.timedCalls; i++) {
      steps.reset();
      const us = await state.call(transport);
      calls++;
      if (us === null) continue;
      totalUs.push(us);
      handlerUs.push(steps.handlerUs);
      validationUs.push(steps.validationUs);
    }
    if (state.errors - firstErrors === calls && calls >= BLOCK) break;
    options.onProgress(calls);
    await turnOfLoop();
  }
  const cpu = process.cpuUsage(cpuBefore);
  const split = steps.attached && planned.requests[0]?.method === 'tools/call';
  return {
    name: planned.name,
    calls: calls + warm.calls,
    errors: state.errors,
    firstError: state.firstError,
    warmUpCalls: warm.calls,
    steady: warm.steady,
    totalUs,
    handlerUs: split ? handlerUs : null,
    validationUs: split ? validationUs : null,
    cpuUsPerCall: calls === 0 ? 0 : (cpu.user + cpu.system) / calls,
    json: jsonCost(state),
  };
}

/** At least so many calls, then until steady, or until the time for it is up. */
async function warmUp(
  transport: MemoryTransport,
  state: Tally,
  { warmUpCalls }: TimedCallsOptions,
  untilMs: number,
): Promise<{ readonly calls: number; readonly steady: boolean }> {
  let calls = 0;
  let fastestUs = Infinity;
  let quiet = 0;
  while (calls < warmUpCalls * MOST_WARM_UP) {
    const block: number[] = [];
    for (let i = 0; i < BLOCK; i++) {
      const us = await state.call(transport);
      calls++;
      if (us !== null) block.push(us);
      // A call so slow is not the compiler's.
      if (performance.now() > untilMs) return { calls, steady: false };
    }
    const medianUs = middle(block);
    quiet = medianUs < STEADY_RATIO * fastestUs ? 0 : quiet + 1;
    fastestUs = Math.min(fastestUs, medianUs);
    if (calls >= warmUpCalls && quiet >= STEADY_BLOCKS) return { calls, steady: true };
    await turnOfLoop();
  }
  return { calls, steady: false };
}

class Tally {
  errors = 0;
  firstError: string | null = null;
  lastAnswer: JsonObject = {};
  readonly #requests: readonly PlannedRequest[];
  #at = 0;

  constructor({ requests }: Planned) {
    this.#requests = requests;
  }

  get firstRequest(): PlannedRequest {
    return this.#requests[0] as PlannedRequest;
  }

  /** Microseconds of a success; null of a failure. */
  async call(transport: MemoryTransport): Promise<number | null> {
    const request = this.#requests[this.#at++ % this.#requests.length] as PlannedRequest;
    const startedMs = performance.now();
    const answer = await transport.request(request.method, request.params);
    const us = (performance.now() - startedMs) * 1000;
    this.lastAnswer = answer;
    const failure = failureOf(answer);
    if (failure === null) return us;
    this.errors++;
    this.firstError ??= failure;
    return null;
  }
}

function failureOf({ error, result }: JsonObject): string | null {
  if (isObject(error)) return String(error['message']).slice(0, 300);
  if (!isObject(result) || result['isError'] !== true) return null;
  const content: unknown = Array.isArray(result['content']) ? result['content'][0] : null;
  const text = isObject(content) && typeof content['text'] === 'string' ? content['text'] : 'isError';
  return text.slice(0, 300);
}

/** What a transport that speaks JSON would add on the server's side: reading the request, writing the answer. */
function jsonCost(state: Tally): InProcessSubject['json'] {
  const request = JSON.stringify({ jsonrpc: '2.0', id: 1, ...state.firstRequest });
  const answer = state.lastAnswer;
  return {
    requestBytes: Buffer.byteLength(request),
    answerBytes: Buffer.byteLength(JSON.stringify(answer)),
    parseRequestUs: typicalUs(() => JSON.parse(request) as unknown),
    stringifyAnswerUs: typicalUs(() => JSON.stringify(answer)),
  };
}

function typicalUs(what: () => unknown): number {
  const times: number[] = [];
  for (let i = 0; i < JSON_ROUNDS; i++) {
    const startedMs = performance.now();
    what();
    times.push((performance.now() - startedMs) * 1000);
  }
  // The first half is the compiler's.
  return middle(times.slice(JSON_ROUNDS / 2));
}

function middle(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? 0;
}

/** Timers, sockets and the collector's callbacks have their turn; answers in memory would never let them. */
function turnOfLoop(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
