import type { RaceAnswer, RaceCall, TrialRecord } from '../../evidence/index.ts';
import { answerOf } from './answers.ts';
import type { Mask } from './masks.ts';
import { replyOf, type RacedProcess } from './raced-process.ts';

/** Calls made one after the other, under control too: their clocks and ids are then the same in every trial. */
export interface Sequence {
  readonly calls: readonly RaceCall[];
  /** Begins their lanes' names: `setup1`, `setup2` … */
  readonly name: string;
  readonly maxSteps: number;
  readonly workingCopy: string;
}

export interface SequenceOutcome {
  readonly answers: readonly RaceAnswer[];
  /** Of the first that did not end; else of the last. */
  readonly record: TrialRecord;
}

/** Makes the calls; those after one that did not end are not made. */
export async function runSequence(
  processes: readonly RacedProcess[],
  sequence: Sequence,
  mask: Mask,
): Promise<SequenceOutcome> {
  const answers: RaceAnswer[] = [];
  let record = emptyRecord('done');
  let n = 0;
  for (const run of runsOfOneProcess(sequence.calls, processes.length)) {
    const process = processes[run.process] ?? processes[0];
    if (process === undefined) throw new Error('no process to call');
    const lanes = run.calls.map(() => `${sequence.name}${String(++n)}`);
    const firstId = run.calls.map(({ connection }) => process.nextRequestId(connection));
    await process.control({
      kind: 'arm',
      calls: lanes.map((lane, i) => ({ lane, requestId: requestIdAt(firstId[0] ?? null, i) })),
      schedule: { strategy: 'sequential', order: lanes },
      maxSteps: sequence.maxSteps,
      workingCopy: sequence.workingCopy,
    });
    const sent = run.calls.map((call, i) => process.send(call, lanes[i] ?? ''));
    record = await process.control({ kind: 'finish' });
    for (const [i, call] of sent.entries())
      answers.push(answerOf(await replyOf(call, hasAnswered(record, lanes[i] ?? '')), mask));
    if (record.status !== 'done') break;
  }
  while (answers.length < sequence.calls.length) answers.push({ status: 'unanswered', text: '' });
  return { answers, record };
}

/** Requests of one connection sent one after the other carry consecutive ids. */
export function requestIdAt(first: number | null, index: number): number | null {
  return first === null ? null : first + index;
}

export function hasAnswered(record: TrialRecord, lane: string): boolean {
  return (
    record.status === 'done' || record.steps.some((step) => step.lane === lane && step.kind === 'answer')
  );
}

/** A record of a trial of which the target told nothing. */
export function emptyRecord(status: TrialRecord['status']): TrialRecord {
  return {
    status,
    steps: [],
    choices: [],
    divergedAt: null,
    uncontrolled: [],
    virtualMs: 0,
    overlap: 0,
    longestSynchronousCpuMs: 0,
    peakSockets: 0,
    peakFiles: 0,
    peakThreadPoolJobs: 0,
  };
}

/** Neighbouring calls of one process together: one round of control for all of them. */
function runsOfOneProcess(
  calls: readonly RaceCall[],
  processes: number,
): readonly { readonly process: number; readonly calls: readonly RaceCall[] }[] {
  const runs: { process: number; calls: RaceCall[] }[] = [];
  for (const call of calls) {
    const process = Math.min(call.connection, processes - 1);
    const last = runs.at(-1);
    if (last?.process === process) last.calls.push(call);
    else runs.push({ process, calls: [call] });
  }
  return runs;
}
