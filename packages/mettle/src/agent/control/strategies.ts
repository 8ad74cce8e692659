import type { ScheduleSpec } from '../../evidence/index.ts';
import type { HeldStep } from './held-steps.ts';
import { laneNamed } from './lane.ts';
import type { Chain } from './lane.ts';
import { seeded } from './seeded.ts';

/** How the order of steps is chosen. Nothing in it looks at a clock: the same steps give the same choices. */
export interface Strategy {
  /** A step was asked for. */
  born?(step: HeldStep): void;
  /** One of `enabled`, which is never empty. */
  pick(enabled: readonly HeldStep[], last: Chain | null): HeldStep;
  /** Number of the step at which decisions could not be followed. */
  readonly divergedAt?: number | null;
}

/** Steps that nobody chooses: what happened within the step before. */
export interface Noted {
  has(id: string): boolean;
}

export function strategyFor(
  spec: Exclude<ScheduleSpec, { strategy: 'delay' | 'free' }>,
  noted: Noted,
): Strategy {
  switch (spec.strategy) {
    case 'sequential':
      return sequential(spec.order);
    case 'prefix':
      return prefix(spec.decisions, noted);
    case 'random':
      return random(spec.seed);
    case 'pos':
      return partialOrderSampling(spec.seed);
    case 'pct':
      return priorities(spec.seed, spec.depth, spec.length);
    case 'breadth':
      return breadth();
  }
}

function first(enabled: readonly HeldStep[]): HeldStep {
  const [step] = enabled;
  if (step === undefined) throw new Error('a strategy was asked to choose among no steps');
  return step;
}

function sequential(order: readonly string[]): Strategy {
  return {
    pick(enabled) {
      for (const id of order) {
        const own = enabled.find(({ lane }) => lane === id);
        if (own !== undefined) return own;
        // A call that waits for what belongs to no call: that goes first, before the next call begins.
        if (laneNamed(id)?.answered === false)
          return enabled.find(({ kind }) => kind !== 'call') ?? first(enabled);
      }
      return first(enabled);
    },
  };
}

/** The step that keeps `last` going; null when it cannot go on, or waits for a timer, which is to let others come first. */
export function continuationOf(enabled: readonly HeldStep[], last: Chain | null): HeldStep | null {
  return enabled.find(({ chain, dueMs }) => chain === last && dueMs === null) ?? null;
}

/** No preemption of its own: the same chain as long as it can, then whatever was asked for first. */
function goOn(enabled: readonly HeldStep[], last: Chain | null): HeldStep {
  return (
    continuationOf(enabled, last) ??
    enabled.find(({ dueMs, chain }) => dueMs === null && chain !== last) ??
    enabled.find(({ chain }) => chain !== last) ??
    first(enabled)
  );
}

function prefix(decisions: readonly string[], noted: Noted): Strategy {
  let at = 0;
  let picks = 0;
  let divergedAt: number | null = null;
  return {
    get divergedAt() {
      return divergedAt;
    },
    pick(enabled, last) {
      picks++;
      while (at < decisions.length && noted.has(decisions[at] ?? '')) at++;
      if (at >= decisions.length || divergedAt !== null) return goOn(enabled, last);
      const wanted = enabled.find(({ id }) => id === decisions[at]);
      if (wanted === undefined) {
        divergedAt = Math.max(at, picks - 1);
        return goOn(enabled, last);
      }
      at++;
      return wanted;
    },
  };
}

function random(seed: number): Strategy {
  const next = seeded(seed);
  return {
    pick: (enabled) => enabled[Math.floor(next() * enabled.length)] ?? first(enabled),
  };
}

function highest(enabled: readonly HeldStep[], priority: (step: HeldStep) => number): HeldStep {
  return enabled.reduce((best, step) => (priority(step) > priority(best) ? step : best), first(enabled));
}

/** Steps that race with the one that is taken get a new priority; two that commute do not. */
function partialOrderSampling(seed: number): Strategy {
  const next = seeded(seed);
  const priority = new Map<HeldStep, number>();
  const of = (step: HeldStep): number => {
    const known = priority.get(step);
    if (known !== undefined) return known;
    const drawn = next();
    priority.set(step, drawn);
    return drawn;
  };
  return {
    born: (step) => void of(step),
    pick(enabled) {
      const taken = highest(enabled, of);
      priority.delete(taken);
      for (const step of enabled) if (step !== taken && mayRace(step, taken)) priority.set(step, next());
      return taken;
    },
  };
}

/** Deliveries race through the process's memory, which nobody sees; effects when they touch the same thing. */
function mayRace(a: HeldStep, b: HeldStep): boolean {
  if (a.resource === null || b.resource === null || a.phase === 'delivery' || b.phase === 'delivery')
    return true;
  return a.resource === b.resource && (a.writes || b.writes);
}

function priorities(seed: number, depth: number, length: number): Strategy {
  const next = seeded(seed);
  const priority = new Map<Chain, number>();
  const changes = new Map<number, number>();
  for (let i = 1; i < depth; i++) changes.set(1 + Math.floor(next() * length), i / depth);
  const of = ({ chain }: HeldStep): number => {
    const known = priority.get(chain);
    if (known !== undefined) return known;
    const drawn = 1 + next();
    priority.set(chain, drawn);
    return drawn;
  };
  // A polling loop of the highest priority would run for ever: fairness after as many steps as a whole run has.
  const patience = Math.max(20, length);
  let picks = 0;
  let spins = 0;
  let spinning: Chain | null = null;
  return {
    born: (step) => void of(step),
    pick(enabled) {
      picks++;
      let taken = highest(enabled, of);
      const lower = changes.get(picks);
      if (lower !== undefined) priority.set(taken.chain, lower);
      spins = taken.chain === spinning && enabled.length > 1 ? spins + 1 : 0;
      if (spins > patience) priority.set(taken.chain, -picks);
      if (lower !== undefined || spins > patience) taken = highest(enabled, of);
      spinning = taken.chain;
      return taken;
    },
  };
}

function breadth(): Strategy {
  const taken = new Map<string, number>();
  return {
    pick(enabled) {
      const step =
        enabled.find(({ kind }) => kind === 'call') ??
        highest(enabled, ({ lane }) => -(taken.get(lane) ?? 0));
      taken.set(step.lane, (taken.get(step.lane) ?? 0) + 1);
      return step;
    },
  };
}
