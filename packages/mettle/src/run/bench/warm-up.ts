import type { BenchEvidence, CallOutcomes, SubjectPlan } from '../../evidence/index.ts';
import { createMix, failureOf, isSuccess, measureBlock, nextCall } from '../../load/index.ts';
import type { BlockOptions, CallSource, Driver } from '../../load/index.ts';
import { monotonicMs } from '../../session/index.ts';
import type { Session } from '../../session/index.ts';
import { median } from '../../stats/index.ts';

/** What calls made one by one have shown. */
export interface FirstLook {
  /** Subjects that answered and may be loaded. */
  readonly sources: readonly CallSource[];
  readonly typicalMs: ReadonlyMap<string, number>;
  readonly leftOut: BenchEvidence['leftOut'];
  /** What became of these calls, by subject. */
  readonly outcomes: ReadonlyMap<string, CallOutcomes>;
}

/** Calls of each subject: what opens a connection or compiles code falls on the first. */
const FIRST_CALLS = 3;
/** A subject whose call takes longer is called once. */
const SLOW_CALL_MS = 1000;
/** Of a load that runs until steady. */
const BLOCK_CALLS = 500;
const BLOCK_MS = 1000;
/** Blocks whose middle latency and CPU differ by less are steady: what a starved host does between two is more. */
const STEADY = 0.15;

/** Calls every subject a few times, alone: what cannot be measured is found out, and how long a call takes. */
export async function lookAtSubjects(
  session: Session,
  sources: readonly CallSource[],
  plans: readonly SubjectPlan[],
  options: {
    readonly callTimeoutMs: number;
    readonly signal: AbortSignal;
    readonly onSubject: (name: string, i: number) => void;
  },
): Promise<FirstLook> {
  const kept: CallSource[] = [];
  const typicalMs = new Map<string, number>();
  const outcomes = new Map<string, CallOutcomes>();
  const leftOut: BenchEvidence['leftOut'][number][] = plans
    .filter((plan) => !plan.exercised)
    .map((plan) => ({ ...plan, outcomes: null }));
  for (const [i, source] of sources.entries()) {
    if (options.signal.aborted) break;
    options.onSubject(source.subject.name, i);
    const look = await lookAt(session, source, options);
    outcomes.set(source.subject.name, look.outcomes);
    const plan = plans.find((each) => each.name === source.subject.name) as SubjectPlan;
    const firstMessage = Object.values(look.outcomes.firstMessages)[0] ?? 'unknown';
    if (look.outcomes.ok === 0)
      leftOut.push({
        ...plan,
        reason: `not measured: every call failed, first error: ${firstMessage}`,
        outcomes: look.outcomes,
      });
    else if (source.gentle === true)
      leftOut.push({
        ...plan,
        reason:
          'called a few times only, since it reaches somebody else’s service: name it with --tool to load it',
        outcomes: look.outcomes,
      });
    else {
      kept.push(source);
      typicalMs.set(source.subject.name, median(look.latenciesMs));
    }
  }
  return { sources: kept, typicalMs, leftOut, outcomes };
}

async function lookAt(
  session: Session,
  source: CallSource,
  { callTimeoutMs, signal }: { readonly callTimeoutMs: number; readonly signal: AbortSignal },
): Promise<{ readonly outcomes: CallOutcomes; readonly latenciesMs: readonly number[] }> {
  const latenciesMs: number[] = [];
  const failures: Record<string, number> = {};
  const firstMessages: Record<string, string> = {};
  let calls = 0;
  while (calls < FIRST_CALLS && !signal.aborted) {
    const { method, params } = nextCall(source);
    const reply = await session.request(method, params, { timeoutMs: callTimeoutMs, signal });
    if (signal.aborted) break;
    calls++;
    if (isSuccess(reply)) latenciesMs.push(reply.latencyMs);
    else {
      const failure = failureOf(reply);
      const kind = kindOf(reply.outcome);
      failures[kind] = (failures[kind] ?? 0) + 1;
      firstMessages[kind] ??= failure?.message ?? '';
    }
    if (reply.latencyMs > SLOW_CALL_MS) break;
  }
  return { outcomes: { calls, ok: latenciesMs.length, failures, firstMessages }, latenciesMs };
}

function kindOf(outcome: 'result' | 'error' | 'timeout' | 'lost'): string {
  return { result: 'tool-error', error: 'protocol-error', timeout: 'timeout', lost: 'connection' }[outcome];
}

/** Drives load until two blocks in a row are alike, or the time is used up. */
export async function warmUp(
  driver: Driver,
  sources: readonly CallSource[],
  options: {
    readonly block: Omit<BlockOptions, 'durationMs' | 'calls'>;
    readonly typicalMs: ReadonlyMap<string, number>;
    /** At most so long. */
    readonly untilMs: number;
    /** Use all of the time, steady or not. */
    readonly whole: boolean;
  },
): Promise<NonNullable<BenchEvidence['warmUp']>> {
  const startMs = monotonicMs();
  const mix = createMix(sources, { seed: options.block.seed, typicalMs: options.typicalMs });
  let calls = 0;
  let steady = false;
  let before: number | null = null;
  while (monotonicMs() < options.untilMs && !options.block.signal.aborted && (options.whole || !steady)) {
    const block = await measureBlock(driver, mix, {
      ...options.block,
      durationMs: Math.min(BLOCK_MS, options.untilMs - monotonicMs()),
      ...(options.whole ? {} : { calls: BLOCK_CALLS }),
    });
    calls += block.total.outcomes.calls;
    if (block.endedEarly !== null) break;
    const now = block.target.mainCpuMsPerCall ?? block.total.latencyMs?.p50.value ?? null;
    steady =
      now !== null && before !== null && Math.abs(now - before) <= STEADY * before && calls >= BLOCK_CALLS;
    before = now;
  }
  return { calls, durationMs: monotonicMs() - startMs, steady };
}
