import type { BlockFigures, CapacityEvidence, CapacityStep, LoadShape } from '../../evidence/index.ts';
import { measureBlock } from '../../load/index.ts';
import type { BlockOptions, Driver, Mix } from '../../load/index.ts';
import { monotonicMs } from '../../session/index.ts';

export interface CapacitySearch {
  readonly p99BudgetMs: number;
  readonly thinkTimeMs: number;
  readonly connections: number;
  /** Of the whole search. */
  readonly untilMs: number;
  readonly block: Omit<BlockOptions, 'shape' | 'durationMs' | 'calls'>;
  readonly onStep: (perSecond: number, step: number) => void;
}

/** Calls under way when the most is asked of the server, to know where the search is to look. */
const FULL_LOAD = 32;
const FULL_LOAD_MS = 2000;
/** Bounds this near each other name the knee as well as its own noise lets one. */
const CLOSE_ENOUGH = 1.05;
/** So many calls make a p99 worth its name. */
const CALLS_PER_STEP = 500;
const SHORTEST_STEP_MS = 1500;
const LONGEST_STEP_MS = 8000;
/** A server that answers less than this of what is offered falls behind for ever. */
const KEEPS_UP = 0.97;
const MOST_STEPS = 16;

/**
 * Looks for the knee: the highest rate at which p99 stays within the budget and no call fails. Rates come from an open
 * loop, so that a server which falls behind is seen to. A step that is over is tried once more before it counts.
 */
export async function findCapacity(
  driver: Driver,
  mix: Mix,
  search: CapacitySearch,
): Promise<CapacityEvidence> {
  const full = await measureBlock(driver, mix, {
    ...search.block,
    shape: { kind: 'closed', connections: search.connections, inFlight: perClient(search), thinkTimeMs: 0 },
    durationMs: FULL_LOAD_MS,
  });
  const most = full.throughputPerSecond;
  const steps: CapacityStep[] = [];
  let within = 0;
  let over = Infinity;
  // A little beyond what it gave under full load, so that the bound is one that was seen.
  let next = Math.max(most, 1) * 0.5;
  let retried = false;
  while (
    steps.length < MOST_STEPS &&
    monotonicMs() < search.untilMs &&
    !search.block.signal.aborted &&
    !(within > 0 && over / within <= CLOSE_ENOUGH)
  ) {
    search.onStep(next, steps.length);
    const step = judge(await runStep(driver, mix, search, next), search.p99BudgetMs, next);
    steps.push(step);
    if (driver.clients.some(({ session }) => (session.process?.exit ?? null) !== null)) break;
    if (step.verdict !== 'within' && !retried) {
      retried = true;
      continue;
    }
    retried = false;
    if (step.verdict === 'within') within = Math.max(within, next);
    else over = Math.min(over, next);
    // Steps upwards grow while nothing is over; between two bounds the middle, by ratio; below all the half.
    next = over === Infinity ? next * 1.4 : within > 0 ? Math.sqrt(within * over) : over / 2;
    if (next < 0.2) break;
  }
  return conclusion(steps, full, search, within, over);
}

function perClient({ connections }: CapacitySearch): number {
  return Math.max(1, Math.round(FULL_LOAD / connections));
}

async function runStep(
  driver: Driver,
  mix: Mix,
  search: CapacitySearch,
  perSecond: number,
): Promise<BlockFigures> {
  const durationMs = Math.min(
    LONGEST_STEP_MS,
    Math.max(SHORTEST_STEP_MS, Math.min((CALLS_PER_STEP / perSecond) * 1000, search.untilMs - monotonicMs())),
  );
  const shape: LoadShape = {
    kind: 'open',
    connections: search.connections,
    arrivals: 'constant',
    stages: [{ durationMs, fromPerSecond: perSecond, toPerSecond: perSecond }],
  };
  return measureBlock(driver, mix, {
    ...search.block,
    // A server that is far over would keep the search waiting for its backlog.
    callTimeoutMs: Math.min(search.block.callTimeoutMs, Math.max(20 * search.p99BudgetMs, 2000)),
    shape,
  });
}

function judge(block: BlockFigures, budgetMs: number, offered: number): CapacityStep {
  const { outcomes, latencyMs } = block.total;
  const failures = outcomes.calls - outcomes.ok;
  const why = whyOver(block, failures, budgetMs);
  const trusted = block.driver.distrust === null;
  return {
    offeredPerSecond: offered,
    achievedPerSecond: block.throughputPerSecond,
    p50Ms: latencyMs?.p50.value ?? null,
    p99: latencyMs?.p99 ?? null,
    failures,
    mainUtilisation: block.target.mainUtilisation,
    mainCpuMsPerCall: block.target.mainCpuMsPerCall,
    processCpuMsPerCall: block.target.processCpuMsPerCall,
    littlesLaw: block.littlesLaw,
    distrust: block.driver.distrust,
    verdict: why === null ? 'within' : trusted ? 'over' : 'untrusted',
    why,
  };
}

function whyOver(block: BlockFigures, failures: number, budgetMs: number): string | null {
  const p99 = block.total.latencyMs?.p99.value ?? null;
  if (failures > 0) return `${failures} of ${block.total.outcomes.calls} calls failed`;
  if (p99 === null) return 'no call was answered';
  if (p99 > budgetMs) return `p99 of ${p99.toFixed(1)} ms is over ${budgetMs} ms`;
  if (block.throughputPerSecond < KEEPS_UP * block.offeredPerSecond)
    return `it answered ${block.throughputPerSecond.toFixed(0)} of ${block.offeredPerSecond.toFixed(0)} calls a second`;
  return null;
}

function conclusion(
  steps: readonly CapacityStep[],
  full: BlockFigures,
  search: CapacitySearch,
  within: number,
  over: number,
): CapacityEvidence {
  // Under load, as users would make it: the busiest step that held; else the full load.
  const cpuMs =
    steps
      .filter((step) => step.verdict === 'within' && step.processCpuMsPerCall !== null)
      .toSorted((a, b) => b.offeredPerSecond - a.offeredPerSecond)[0]?.processCpuMsPerCall ??
    full.target.processCpuMsPerCall;
  const perCore = cpuMs === null || cpuMs <= 0 ? null : 1000 / cpuMs;
  const latencyMs = full.total.latencyMs?.p50.value ?? 0;
  // One call of a user and the pause after it.
  const perUserMs = search.thinkTimeMs + Math.min(latencyMs, search.p99BudgetMs);
  const users = (perSecond: number | null): number | null =>
    perSecond === null ? null : Math.floor((perSecond * perUserMs) / 1000);
  return {
    p99BudgetMs: search.p99BudgetMs,
    fullLoadPerSecond: full.throughputPerSecond,
    steps,
    kneePerSecond: within === 0 ? null : within,
    overPerSecond: over === Infinity ? null : over,
    cpuMsPerCall: cpuMs,
    callsPerSecondPerCore: perCore,
    thinkTimeMs: search.thinkTimeMs,
    usersPerCore: users(perCore),
    usersAtKnee: users(within === 0 ? null : within),
  };
}
