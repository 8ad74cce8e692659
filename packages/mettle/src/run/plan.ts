import { CHECKS } from '../evidence/index.ts';
import type { Check, EvidenceKey, Examination } from '../evidence/index.ts';

/** How much a stage's instruments disturb the target; one level per stage, so latency is never measured while profiling. */
export type Disturbance = 'passive' | 'sampling' | 'tracing' | 'stop-the-world';

export type StageName = 'solo' | 'batches' | 'mixed' | 'blocking' | 'overlap' | 'leak' | 'race';

export interface Stage {
  readonly name: StageName;
  /** For people: what happens now. */
  readonly title: string;
  readonly disturbance: Disturbance;
  readonly produces: readonly EvidenceKey[];
  /** Most wall time the stage may use, ms. */
  readonly budgetMs: number;
  /** What a stage may use on top for the few calls without which nothing could be said of a tool, ms. */
  readonly onTopMs: number;
}

export interface Plan {
  readonly stages: readonly Stage[];
  /** Evidence that will not be there: why, and how to supply it. */
  readonly absent: Readonly<Partial<Record<EvidenceKey, string>>>;
}

interface StageTemplate extends Omit<Stage, 'budgetMs' | 'onTopMs'> {
  readonly needsAgent: boolean;
}

const STAGES: Readonly<Record<StageName, StageTemplate>> = {
  solo: {
    name: 'solo',
    title: 'timing each call alone',
    disturbance: 'passive',
    produces: ['latency'],
    needsAgent: false,
  },
  batches: {
    name: 'batches',
    title: 'sending calls together',
    disturbance: 'passive',
    produces: ['concurrency'],
    needsAgent: false,
  },
  mixed: {
    name: 'mixed',
    title: 'mixing all calls',
    disturbance: 'passive',
    produces: ['mixedLatency'],
    needsAgent: false,
  },
  blocking: {
    name: 'blocking',
    title: 'profiling the event loop',
    disturbance: 'sampling',
    produces: ['blocking', 'cpuProfile', 'sources', 'lookingCost'],
    needsAgent: true,
  },
  overlap: {
    name: 'overlap',
    title: 'tracing what calls wait for',
    disturbance: 'tracing',
    produces: ['overlap', 'waiting'],
    needsAgent: true,
  },
  // On a server of its own, since live objects are patched and filled.
  leak: {
    name: 'leak',
    title: 'looking for what calls leave behind',
    disturbance: 'stop-the-world',
    produces: ['heapGrowth'],
    needsAgent: true,
  },
  // On a server and a working copy of its own, since it runs by another clock, and over and over.
  race: {
    name: 'race',
    title: 'racing calls',
    disturbance: 'stop-the-world',
    produces: ['race'],
    needsAgent: true,
  },
};

/**
 * Shares of the budget for each examination, its stages in order. In `check` the timed calls get most, since intervals
 * narrow with their number; the traced batches need only a few calls each; the heap's snapshots take seconds. In `profile` the samples get most.
 */
const SHARES: Readonly<Record<Examination, readonly (readonly [StageName, number])[]>> = {
  check: [
    ['solo', 0.28],
    ['batches', 0.25],
    ['mixed', 0.11],
    ['blocking', 0.22],
    ['overlap', 0.14],
    ['leak', 0.3],
    ['race', 0.2],
  ],
  // Nothing is driven: clients do that.
  attach: [],
  'attach --memory': [],
  // Blocks of its own: run/bench.
  bench: [],
  // One look from outside: src/watch.
  probe: [],
  leak: [['leak', 1]],
  // Trials without stages: run/race.
  race: [],
  profile: [
    ['solo', 0.2],
    ['mixed', 0.1],
    ['blocking', 0.55],
    ['overlap', 0.15],
  ],
};

/** Stages on servers of their own that are left out rather than cut too short, the first to go first. */
const LEAST_MS: readonly {
  readonly stage: StageName;
  readonly leastMs: number;
  readonly key: EvidenceKey;
  readonly command: string;
}[] = [
  // Two starts of a small server, every call in order, and some dozens of trials of each pair.
  { stage: 'race', leastMs: 5000, key: 'race', command: 'npx mettle race' },
  // Four snapshots of a small server's heap, and calls between them, on a machine that is not busy.
  { stage: 'leak', leastMs: 6000, key: 'heapGrowth', command: 'npx mettle leak' },
];

/** What each examination looks for. */
export const CHECKS_OF: Readonly<Record<Examination, readonly Check[]>> = {
  check: CHECKS,
  profile: ['cpu', 'latency'],
  attach: ['cpu'],
  'attach --memory': ['leak'],
  bench: ['latency', 'regression'],
  probe: ['protocol'],
  leak: ['leak'],
  race: ['serialisation', 'race', 'overload'],
};

/**
 * The stages of an examination, least disturbing first, with their shares of `budgetMs`.
 * Without an agent, its stages are left out with `noAgent` as the reason.
 */
export function plan(options: {
  readonly examination: Examination;
  readonly budgetMs: number;
  /** Of the machine: load average over the last minute, per core; nothing said is a free machine. */
  readonly loadPerCore?: number;
  readonly noAgent: string | null;
  /** What names the target on the command line, for the commands that are told. */
  readonly targetArguments?: string;
  readonly leaveOut?: readonly StageName[];
  /** Of a recording that is made again in order, twice: how long it takes alone, and while it is profiled. On top of the budget. */
  readonly replay?: { readonly timedMs: number; readonly profiledMs: number } | undefined;
}): Plan {
  const replayed: StageName | null = options.replay === undefined ? null : 'mixed';
  const templates = SHARES[options.examination]
    .filter(([name]) => options.leaveOut?.includes(name) !== true)
    // The state that its calls find is part of a recording: nothing is called before.
    .toSorted(([a], [b]) => Number(b === replayed) - Number(a === replayed))
    .map(([name, share]) => ({ share: name === replayed ? 0 : share, ...STAGES[name] }));
  const chosen = templates.filter((stage) => options.noAgent === null || !stage.needsAgent);
  const total = chosen.reduce((sum, stage) => sum + stage.share, 0);
  const absent: Partial<Record<EvidenceKey, string>> = {};
  for (const { stage: name, leastMs, key, command } of LEAST_MS) {
    const stage = chosen.find((each) => each.name === name);
    if (stage === undefined || chosen.length === 1) continue;
    if ((options.budgetMs * stage.share) / total >= leastMs) continue;
    const enough = Math.ceil((leastMs * total) / stage.share / 1000);
    return without(
      options,
      { stage: name, key },
      `a budget of ${Math.round(options.budgetMs / 1000)} s leaves too little time for it: run ${[command, options.targetArguments].filter(Boolean).join(' ')}, or raise --budget to ${enough}`,
    );
  }
  for (const stage of Object.values(STAGES)) {
    const planned = templates.some((template) => template.name === stage.name);
    const why = planned
      ? stage.needsAgent
        ? options.noAgent
        : null
      : `not part of mettle ${options.examination}`;
    if (why !== null) for (const key of stage.produces) absent[key] = why;
  }
  return {
    stages: chosen.map(({ share, needsAgent: _, ...stage }) => ({
      ...stage,
      title: stage.name === replayed ? 'making the recorded calls again' : stage.title,
      budgetMs: (options.budgetMs * share) / total + replayMs(stage.name, options.replay),
      onTopMs: ((options.budgetMs * share) / total) * onTopShare(options.loadPerCore ?? 0),
    })),
    absent,
  };
}

function replayMs(stage: StageName, replay: Parameters<typeof plan>[0]['replay']): number {
  if (stage === 'mixed') return replay?.timedMs ?? 0;
  return stage === 'blocking' ? (replay?.profiledMs ?? 0) : 0;
}

/** The same plan for an examination whose budget is too small for one stage; the others share all of it. */
function without(
  options: Parameters<typeof plan>[0],
  { stage, key }: { readonly stage: StageName; readonly key: EvidenceKey },
  why: string,
): Plan {
  const { stages, absent } = plan({ ...options, leaveOut: [...(options.leaveOut ?? []), stage] });
  return { stages, absent: { ...absent, [key]: why } };
}

/**
 * Calls take longer by as many times as processes want each core, and a tool that was not judged is a fault missed: half
 * of a stage's time on top on a free machine, and up to twice its time on a crowded one, used only where it must be.
 */
function onTopShare(loadPerCore: number): number {
  return Math.min(2, Math.max(0.5, loadPerCore / 2));
}
