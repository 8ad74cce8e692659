import type { RaceStep, ScheduleSpec } from '../../evidence/index.ts';
import { seededRandom } from '../../stats/index.ts';

/** Where a strategy chooses: what could be next, and what came before. */
export interface ChoicePoint {
  /** At least one. */
  readonly enabled: readonly RaceStep[];
  readonly continues: string | null;
  readonly taken: readonly RaceStep[];
}

export interface Strategy {
  choose(point: ChoicePoint): RaceStep;
  /** Number of the first decision that could not be followed, from 0; `happened`: all that was taken or just took place. */
  divergedAt(happened: ReadonlySet<string>): number | null;
}

/** The strategies of one process, for several: deterministic, the same specification gives the same order. */
export function createStrategy(spec: ScheduleSpec, lanes: readonly string[]): Strategy {
  switch (spec.strategy) {
    case 'sequential':
      return plain((point) => sequential(point, spec.order));
    case 'prefix':
      return prefix(spec.decisions);
    case 'random': {
      const random = seededRandom(spec.seed);
      return plain(({ enabled }) => at(enabled, Math.floor(random() * enabled.length)));
    }
    case 'pos':
      return partialOrderSampling(spec.seed);
    case 'pct':
      return priorities(spec);
    case 'breadth':
      return plain(({ enabled, taken }) => leastFar(enabled, taken, lanes));
    case 'delay':
    case 'free':
      // Each process holds what it does until it is told: in the order in which it comes.
      return plain(({ enabled }) => at(enabled, 0));
  }
}

function plain(choose: (point: ChoicePoint) => RaceStep): Strategy {
  return { choose, divergedAt: () => null };
}

function at(enabled: readonly RaceStep[], index: number): RaceStep {
  const step = enabled[index] ?? enabled[0];
  if (step === undefined) throw new Error('nothing to choose from');
  return step;
}

function sequential({ enabled, taken }: ChoicePoint, order: readonly string[]): RaceStep {
  const answered = new Set(taken.filter(({ kind }) => kind === 'answer').map(({ lane }) => lane));
  for (const lane of order) {
    const own = enabled.find((step) => step.lane === lane);
    if (own !== undefined) return own;
    // It waits for something that is nobody's (the background's): let that happen before the next call begins.
    if (!answered.has(lane)) return enabled.find((step) => !order.includes(step.lane)) ?? at(enabled, 0);
  }
  return at(enabled, 0);
}

function prefix(decisions: readonly string[]): Strategy {
  let n = 0;
  let lost: number | null = null;
  const skipped: number[] = [];
  return {
    choose: ({ enabled, continues }) => {
      const ids = new Set(enabled.map(({ id }) => id));
      let next = n;
      // Decisions also name what happened within a step (an answer that was written): nobody could choose that.
      while (next < decisions.length && !ids.has(decisions[next] ?? '')) next += 1;
      const wanted = enabled.find(({ id }) => id === decisions[next]);
      if (wanted !== undefined && lost === null) {
        for (; n < next; n++) skipped.push(n);
        n = next + 1;
        return wanted;
      }
      if (n < decisions.length) lost ??= n;
      const going = enabled.find(({ id }) => id === continues);
      // To wait is to give way: a timer of the running chain comes after everything that is ready.
      if (going !== undefined && (going.kind !== 'timer' || enabled.length === 1)) return going;
      return enabled.find((step) => step.kind !== 'timer') ?? at(enabled, 0);
    },
    divergedAt: (happened) => {
      const open = [...skipped, ...range(lost ?? decisions.length, decisions.length)];
      return open.find((i) => !happened.has(decisions[i] ?? '')) ?? null;
    },
  };
}

function partialOrderSampling(seed: number): Strategy {
  const random = seededRandom(seed);
  const priority = new Map<string, number>();
  return plain(({ enabled }) => {
    for (const { id } of enabled) if (!priority.has(id)) priority.set(id, random());
    const best = highest(enabled, ({ id }) => priority.get(id) ?? 0);
    // What races with the step taken draws anew: that makes rare orders as likely as frequent ones.
    for (const step of enabled)
      if (step !== best && step.resource === best.resource && (step.writes || best.writes))
        priority.set(step.id, random());
    return best;
  });
}

function priorities(spec: Extract<ScheduleSpec, { readonly strategy: 'pct' }>): Strategy {
  const random = seededRandom(spec.seed);
  const priority = new Map<string, number>();
  const changes = new Map<number, number>();
  for (let i = 1; i < spec.depth; i++) changes.set(Math.floor(random() * spec.length), i / spec.depth);
  return plain(({ enabled, taken }) => {
    for (const { lane } of enabled) if (!priority.has(lane)) priority.set(lane, 1 + random());
    const first = highest(enabled, ({ lane }) => priority.get(lane) ?? 0);
    const lowered = changes.get(taken.length);
    if (lowered === undefined) return first;
    priority.set(first.lane, lowered);
    return highest(enabled, ({ lane }) => priority.get(lane) ?? 0);
  });
}

function leastFar(
  enabled: readonly RaceStep[],
  taken: readonly RaceStep[],
  lanes: readonly string[],
): RaceStep {
  const far = (lane: string): number => taken.filter((step) => step.lane === lane).length;
  const calls = enabled.filter(({ lane }) => lanes.includes(lane));
  return calls.length === 0 ? at(enabled, 0) : highest(calls, ({ lane }) => -far(lane));
}

function range(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from }, (_none, i) => from + i);
}

/** The first of those with the highest rank. */
function highest(steps: readonly RaceStep[], rank: (step: RaceStep) => number): RaceStep {
  return steps.reduce((best, step) => (rank(step) > rank(best) ? step : best), at(steps, 0));
}
