import type { RemotePoint } from '../../agent/control-protocol.ts';
import type { RaceChoice, RaceStep, ScheduleSpec, TrialRecord } from '../../evidence/index.ts';
import type { RacedProcess } from './raced-process.ts';
import { createStrategy, type Strategy } from './remote-strategies.ts';

/** How often processes in which something goes on outside are looked at again before they are given up: some seconds. */
const MAX_LOOKS = 20;

interface Standing {
  readonly process: RacedProcess;
  /** Added to names that several processes give, such as the background's; '' for the first. */
  readonly suffix: string;
  point: RemotePoint;
}

/** Several processes under one scheduler: each stands still, one step is taken in one of them, and so on. */
export async function scheduleRemotely(
  processes: readonly RacedProcess[],
  schedule: ScheduleSpec,
  lanes: readonly string[],
  maxSteps: number,
): Promise<TrialRecord> {
  const standing: Standing[] = await Promise.all(
    processes.map(async (process, index) => ({
      process,
      suffix: index === 0 ? '' : `@${String(index)}`,
      point: await process.control({ kind: 'settle' }),
    })),
  );
  const strategy = createStrategy(schedule, lanes);
  const taken: Taken = { steps: [], choices: [], last: null, overlap: 0 };
  let status = await standOf(standing);
  while (status === 'moving' && taken.steps.length < maxSteps) {
    await takeNext(standing, strategy, taken, lanes);
    status = await standOf(standing);
  }
  const records = await Promise.all(processes.map((process) => process.control({ kind: 'finish' })));
  const whole = withNoted(standing, records, taken, lanes);
  return {
    ...joinRecords(records),
    ...whole,
    status: status === 'moving' ? 'livelock' : status,
    divergedAt: strategy.divergedAt(new Set(whole.steps.map(({ id }) => id))),
    overlap: taken.overlap,
  };
}

interface Taken {
  readonly steps: RaceStep[];
  readonly choices: RaceChoice[];
  /** In which the last step was taken. */
  last: Standing | null;
  overlap: number;
}

/** Whether there is something to choose; processes in which something goes on outside are looked at again for a while. */
async function standOf(standing: readonly Standing[]): Promise<TrialRecord['status'] | 'moving'> {
  for (let looks = 0; looks < MAX_LOOKS; looks++) {
    if (standing.some(({ point }) => point.enabled.length > 0)) return 'moving';
    const open = standing.filter(({ point }) => point.unanswered.length > 0);
    if (open.length === 0) return 'done';
    if (open.every(({ point }) => point.stuck)) return 'deadlock';
    for (const each of standing) each.point = await each.process.control({ kind: 'settle' });
  }
  return 'timed-out';
}

async function takeNext(
  standing: readonly Standing[],
  strategy: Strategy,
  taken: Taken,
  lanes: readonly string[],
): Promise<void> {
  const owners = new Map<RaceStep, Standing>();
  for (const each of standing)
    for (const step of each.point.enabled) owners.set(named(step, each, lanes), each);
  const enabled = [...owners.keys()];
  const { last } = taken;
  const going = last?.point.continues ?? null;
  const continues = last === null || going === null ? null : renamed(going, last, lanes);
  const busy = new Set(enabled.map(({ lane }) => lane).filter((lane) => lanes.includes(lane)));
  taken.overlap = Math.max(taken.overlap, busy.size);
  const step = strategy.choose({ enabled, continues, taken: taken.steps });
  const others = enabled.map(({ id }) => id).filter((id) => id !== step.id);
  taken.steps.push(step);
  taken.choices.push({ taken: step.id, others, continues });
  const owner = owners.get(step);
  if (owner === undefined) throw new Error(`${step.id} is no step of any process`);
  owner.point = await owner.process.control({ kind: 'step', id: original(step.id, owner) });
  taken.last = owner;
}

/** What was chosen, each followed by what happened within it as its own process tells. */
function withNoted(
  standing: readonly Standing[],
  records: readonly TrialRecord[],
  taken: Taken,
  lanes: readonly string[],
): Pick<TrialRecord, 'steps' | 'choices'> {
  const chosen = new Set(taken.steps.map(({ id }) => id));
  const told = standing.map((each, i) => (records[i]?.steps ?? []).map((step) => named(step, each, lanes)));
  const steps: RaceStep[] = [];
  const choices: RaceChoice[] = [];
  for (const [i, step] of taken.steps.entries()) {
    steps.push(step);
    choices.push(taken.choices[i] ?? { taken: step.id, others: [], continues: null });
    const own = told.find((each) => each.some(({ id }) => id === step.id)) ?? [];
    for (const next of own.slice(own.findIndex(({ id }) => id === step.id) + 1)) {
      if (chosen.has(next.id)) break;
      steps.push(next);
      choices.push({ taken: next.id, others: [], continues: null });
    }
  }
  return { steps, choices };
}

/** What several processes tell of one trial, each scheduled for itself, as one record. */
export function joinRecords(records: readonly TrialRecord[]): TrialRecord {
  const [first, ...others] = records;
  if (first !== undefined && others.length === 0) return first;
  const most = (of: (record: TrialRecord) => number): number => Math.max(0, ...records.map(of));
  const sum = (of: (record: TrialRecord) => number): number =>
    records.reduce((total, record) => total + of(record), 0);
  return {
    status: records.map(({ status }) => status).find((status) => status !== 'done') ?? 'done',
    steps: records.flatMap(({ steps }) => steps),
    choices: records.flatMap(({ choices }) => choices),
    divergedAt: null,
    overlap: most(({ overlap }) => overlap),
    uncontrolled: [...new Set(records.flatMap(({ uncontrolled }) => uncontrolled))],
    virtualMs: most(({ virtualMs }) => virtualMs),
    longestSynchronousCpuMs: most((record) => record.longestSynchronousCpuMs),
    peakSockets: sum(({ peakSockets }) => peakSockets),
    peakFiles: sum(({ peakFiles }) => peakFiles),
    peakThreadPoolJobs: most((record) => record.peakThreadPoolJobs),
  };
}

/** Lanes of calls are one process's only; other lanes exist in each. */
function named(step: RaceStep, { suffix }: Standing, lanes: readonly string[]): RaceStep {
  if (suffix === '' || lanes.includes(step.lane)) return step;
  return { ...step, lane: `${step.lane}${suffix}`, id: `${step.id}${suffix}` };
}

function renamed(id: string, { suffix }: Standing, lanes: readonly string[]): string {
  return suffix === '' || lanes.includes(id.slice(0, id.lastIndexOf('#'))) ? id : `${id}${suffix}`;
}

function original(id: string, { suffix }: Standing): string {
  return suffix !== '' && id.endsWith(suffix) ? id.slice(0, -suffix.length) : id;
}
