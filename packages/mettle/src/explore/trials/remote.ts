import type { RemotePoint } from '../../agent/control-protocol.ts';
import type { RaceChoice, RaceStep, ScheduleSpec, TrialRecord } from '../../evidence/index.ts';
import type { RacedProcess } from './raced-process.ts';
import { createStrategy } from './remote-strategies.ts';

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
  const [steps, choices]: [RaceStep[], RaceChoice[]] = [[], []];
  let status: TrialRecord['status'] = 'done';
  let last: Standing | null = null;
  let overlap = 0;
  let looks = 0;
  for (;;) {
    const enabled = standing.flatMap((each) => each.point.enabled.map((step) => named(step, each, lanes)));
    if (enabled.length === 0) {
      const open = standing.filter(({ point }) => point.unanswered.length > 0);
      if (open.length === 0) break;
      const stuck = standing.every(({ point }) => point.stuck || point.unanswered.length === 0);
      if (stuck || looks === MAX_LOOKS) {
        status = stuck ? 'deadlock' : 'timed-out';
        break;
      }
      looks += 1;
      await lookAgain(standing);
      continue;
    }
    if (steps.length >= maxSteps) {
      status = 'livelock';
      break;
    }
    overlap = Math.max(overlap, new Set(enabled.map(({ lane }) => lane).filter(isIn(lanes))).size);
    const chain: Standing | null = last;
    const continues =
      chain === null || chain.point.continues === null ? null : renamed(chain.point.continues, chain, lanes);
    const taken = strategy.choose({ enabled, continues, taken: steps });
    const owner = standing.find((each) =>
      each.point.enabled.some((step) => named(step, each, lanes).id === taken.id),
    );
    if (owner === undefined) break;
    steps.push(taken);
    choices.push({
      taken: taken.id,
      others: enabled.map(({ id }) => id).filter((id) => id !== taken.id),
      continues,
    });
    owner.point = await owner.process.control({ kind: 'step', id: original(taken.id, owner) });
    last = owner;
    looks = 0;
  }
  const records = await Promise.all(processes.map((process) => process.control({ kind: 'finish' })));
  return { ...joinRecords(records), status, steps, choices, divergedAt: strategy.divergedAt(), overlap };
}

async function lookAgain(standing: readonly Standing[]): Promise<void> {
  for (const each of standing) each.point = await each.process.control({ kind: 'settle' });
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

function isIn(names: readonly string[]): (name: string) => boolean {
  return (name) => names.includes(name);
}
