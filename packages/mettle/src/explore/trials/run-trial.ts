import type { RaceAnswer, RaceCall, RaceStep, Trial, TrialRecord } from '../../evidence/index.ts';
import { laneOf, type TrialRequest } from '../trial-runner.ts';
import { answerOf } from './answers.ts';
import { fillIn } from './placed-target.ts';
import { maskFiles, type Mask } from './masks.ts';
import { replyOf, type RacedProcess, type SentCall } from './raced-process.ts';
import { joinRecords, scheduleRemotely } from './remote.ts';
import { emptyRecord, hasAnswered, requestIdAt, runSequence } from './sequence.ts';
import type { WorkingCopy } from './working-copy.ts';

/** A loop of polling or of retries takes a few hundred; more is taken for one without an end. */
const MAX_STEPS = 2_000;

export interface TrialPlace {
  /** One, or as many as connections on stdio. */
  readonly processes: readonly RacedProcess[];
  readonly copy: WorkingCopy;
  readonly mask: Mask;
}

export interface TrialOutcome {
  readonly trial: Trial;
  /** Whether the processes can serve another trial: nothing hangs in them and none died. */
  readonly reusable: boolean;
}

/** One trial on processes whose state has been put back. Never throws for what the server does. */
export async function runTrial(place: TrialPlace, request: TrialRequest): Promise<TrialOutcome> {
  const { processes, copy, mask } = place;
  const maxSteps = request.maxSteps ?? MAX_STEPS;
  const fill = (calls: readonly RaceCall[]): readonly RaceCall[] => fillIn(calls, copy.dir);
  const sequence = { maxSteps, workingCopy: copy.dir };
  let record = emptyRecord('done');
  let answers: readonly RaceAnswer[] = unanswered(request.calls);
  let observed: readonly RaceAnswer[] = unanswered(request.observe);
  let broken = false;
  try {
    const setup = await runSequence(
      processes,
      { ...sequence, calls: fill(request.setup), name: 'setup' },
      mask,
    );
    ({ record } = setup);
    if (record.status === 'done') {
      ({ record, answers } = await race(place, { ...request, maxSteps, calls: fill(request.calls) }));
      if (record.status === 'done') {
        const seen = await runSequence(
          processes,
          { ...sequence, calls: fill(request.observe), name: 'probe' },
          mask,
        );
        observed = seen.answers;
        broken = seen.record.status !== 'done';
      }
    }
  } catch {
    // The agent went with its process, or answers no more: the crash below tells, or the time it took.
    broken = true;
    if (record.status === 'done') record = { ...record, status: 'timed-out' };
    await Promise.all(processes.map((each) => each.settleExit()));
  }
  const crash = processes.map((each) => each.crash).find((each) => each !== null) ?? null;
  const trial = {
    record: legible(record, mask),
    answers,
    observed,
    files: maskFiles(copy.snapshot(), mask),
    crash: crash === null ? null : mask(crash),
  };
  return { trial, reusable: !broken && crash === null && record.status === 'done' };
}

async function race(
  place: TrialPlace,
  request: TrialRequest & { readonly maxSteps: number },
): Promise<{ readonly record: TrialRecord; readonly answers: readonly RaceAnswer[] }> {
  const { copy, mask } = place;
  const lanes = request.calls.map((_call, i) => laneOf(i));
  const owners = request.calls.map((call) => processOf(place.processes, call));
  // A process without a call has nothing to be ordered.
  const processes = place.processes.filter((each) => owners.includes(each));
  if (processes.length === 0) return { record: emptyRecord('done'), answers: [] };
  const sent: SentCall[] = [];
  const send = async (armed: (process: RacedProcess, index: number) => Promise<unknown>): Promise<void> => {
    await Promise.all(processes.map(armed));
    for (const [i, call] of request.calls.entries())
      sent.push(processOf(place.processes, call).send(call, lanes[i] ?? ''));
  };
  const callsOf = (process: RacedProcess): readonly { lane: string; requestId: number | null }[] => {
    const sentBefore = new Map<number, number>();
    return request.calls.flatMap((call, i) => {
      if (owners[i] !== process) return [];
      const before = sentBefore.get(call.connection) ?? 0;
      sentBefore.set(call.connection, before + 1);
      return [
        { lane: lanes[i] ?? '', requestId: requestIdAt(process.nextRequestId(call.connection), before) },
      ];
    });
  };
  const common = { kind: 'arm', maxSteps: request.maxSteps, workingCopy: copy.dir } as const;
  let record: TrialRecord;
  const { schedule } = request;
  const together = processes.length > 1 && schedule.strategy !== 'free' && schedule.strategy !== 'delay';
  await send((process) =>
    process.control({
      ...common,
      calls: callsOf(process),
      schedule: together ? { strategy: 'remote' } : schedule,
    }),
  );
  if (together) record = await scheduleRemotely(processes, schedule, lanes, request.maxSteps);
  else
    record = joinRecords(await Promise.all(processes.map((process) => process.control({ kind: 'finish' }))));
  const answers: RaceAnswer[] = [];
  for (const [i, call] of sent.entries())
    answers.push(answerOf(await replyOf(call, hasAnswered(record, lanes[i] ?? '')), mask));
  return { record, answers };
}

function processOf(processes: readonly RacedProcess[], call: RaceCall): RacedProcess {
  const process = processes[Math.min(call.connection, processes.length - 1)];
  if (process === undefined) throw new Error('no process to call');
  return process;
}

function unanswered(calls: readonly RaceCall[]): readonly RaceAnswer[] {
  return calls.map(() => ({ status: 'unanswered', text: '' }));
}

/** Without what is of this run only: numbers of processes in the names of temporary files, generations of modules in URLs. */
function legible(record: TrialRecord, mask: Mask): TrialRecord {
  return { ...record, steps: record.steps.map((step) => legibleStep(step, mask)) };
}

function legibleStep(step: RaceStep, mask: Mask): RaceStep {
  const { site, resource } = step;
  return {
    ...step,
    resource: resource === null ? null : mask(resource),
    site: site === null ? null : { ...site, file: site.file.replace(/\?mettle=\d+$/, '') },
  };
}
