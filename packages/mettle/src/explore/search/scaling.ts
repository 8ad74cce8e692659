import type { Frame, RaceScaling, RaceStep, Trial, TrialRecord } from '../../evidence/index.ts';
import type { Expedition } from '../expedition.ts';
import type { ExploreOptions } from '../options.ts';
import { caseOf } from '../preparation.ts';
import type { Preparation, PreparedSubject } from '../preparation.ts';
import { laneOfId } from './bounded.ts';

/*
 * Serialisation and exhaustion without a stopwatch: all calls of one subject begun, then always the one that is least
 * far. Calls that wait for one another have no outstanding work meanwhile, and virtual time tells how long they took.
 */

/** One, two, a handful of clients, a crowd. */
const SIZES = [1, 2, 10, 50];

/** Rows of one subject; fewer when the time ends or the server does. */
export async function scalingOf(
  expedition: Expedition,
  options: ExploreOptions,
  { after }: Preparation,
  prepared: PreparedSubject,
): Promise<RaceScaling> {
  const rows: RaceScaling['rows'][number][] = [];
  for (const size of SIZES) {
    const calls = Array.from({ length: size }, (_, index) => ({
      subject: prepared.subject.name,
      // Only so many of the existing things exist.
      number: prepared.base === 0 ? index : prepared.base + (index % 2),
      connection: index % Math.max(1, options.connections),
    }));
    const trial = await expedition.run(caseOf(options, calls, after), { strategy: 'breadth' });
    if (trial === null) break;
    rows.push(rowOf(size, trial));
    if (trial.crash !== null || trial.record.status !== 'done') break;
  }
  return { subject: prepared.subject.name, rows };
}

function rowOf(calls: number, { record, answers, crash }: Trial): RaceScaling['rows'][number] {
  const { overlap, virtualMs, longestSynchronousCpuMs, peakSockets, peakFiles, peakThreadPoolJobs, status } =
    record;
  return {
    calls,
    overlap,
    virtualMs,
    longestSynchronousCpuMs,
    peakSockets,
    peakFiles,
    peakThreadPoolJobs,
    ...(record.longestPoolJobCpuMs === undefined ? {} : { longestPoolJobCpuMs: record.longestPoolJobCpuMs }),
    errors: answers.filter((answer) => answer.status !== 'success').length,
    status,
    crash,
    waitingAt: waitingAt(record),
    connectingAt: connectingAt(record),
  };
}

/**
 * Where the lanes wait that have begun, are not done and have nothing outstanding, at the moment when most of them
 * are: each told by the line of what it did next, which is what it was kept from; or of what it did last, when it
 * never went on.
 */
export function waitingAt({ steps, choices }: TrialRecord): RaceScaling['rows'][number]['waitingAt'] {
  const byLane = new Map<string, number[]>();
  for (const [at, { lane }] of steps.entries()) byLane.set(lane, [...(byLane.get(lane) ?? []), at]);
  byLane.delete('background');
  let most: readonly RaceStep[] = [];
  for (let at = 0; at < steps.length; at++) {
    const choice = choices[at];
    if (choice === undefined) continue;
    const ready = new Set([choice.taken, ...choice.others].map(laneOfId));
    const waiting = [...byLane].flatMap(([lane, own]) => {
      const next = own.find((index) => index >= at);
      const isUnderWay = (own[0] ?? at) < at && next !== undefined && !ready.has(lane);
      return isUnderWay ? [steps[next] as RaceStep] : [];
    });
    if (waiting.length > most.length) most = waiting;
  }
  return mostFrequent(most);
}

/** Where the lanes first write to a connection: each counts once. */
function connectingAt({ steps }: TrialRecord): RaceScaling['rows'][number]['waitingAt'] {
  const first = new Map<string, RaceStep>();
  for (const step of steps)
    if (step.kind === 'socket.write' && step.lane !== 'background' && !first.has(step.lane))
      first.set(step.lane, step);
  return mostFrequent([...first.values()]);
}

function mostFrequent(steps: readonly RaceStep[]): { readonly site: Frame; readonly lanes: number }[] {
  const counts = new Map<string, { site: Frame; lanes: number }>();
  for (const { site } of steps) {
    if (site === null) continue;
    const key = `${site.file}:${site.line}:${site.column}`;
    counts.set(key, { site, lanes: (counts.get(key)?.lanes ?? 0) + 1 });
  }
  return [...counts.values()].toSorted((a, b) => b.lanes - a.lanes);
}
