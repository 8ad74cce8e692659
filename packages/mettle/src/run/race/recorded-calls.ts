import type { MetCalls, RaceSubject } from '../../explore/index.ts';
import { overlappingCalls, requestOf } from '../../load/index.ts';
import type { Workload } from '../../load/index.ts';
import { callOf } from './race-call.ts';

/** More are not raced in any budget. */
const MOST_MET = 200;

type Recorded = Workload['calls'][number];

/** The subjects, with those of a recording called as it has them: by number, so that what ran together can be named. */
export function asRecorded(
  subjects: readonly RaceSubject[],
  workload: Workload | null,
  setting: { readonly directory: string; readonly seed: number },
): readonly RaceSubject[] {
  if (workload?.recording === undefined) return subjects;
  return subjects.map((subject) => {
    const requests = callsOf(workload, subject.name).map((call) => requestOf(call, setting));
    if (requests.length === 0) return subject;
    const nth = (number: number): (typeof requests)[number] =>
      requests[number % requests.length] as (typeof requests)[number];
    return { ...subject, call: (number) => callOf(nth(number)(number)) };
  });
}

/** Calls that ran together in the recording, of subjects that are raced; the most frequent first. */
export function metInRecording(
  subjects: readonly RaceSubject[],
  workload: Workload | null,
): readonly MetCalls[] {
  if (workload === null) return [];
  const raced = new Set(subjects.map(({ name }) => name));
  const addressed = (index: number): MetCalls[0] => {
    const call = workload.calls[index] as Recorded;
    const subject = nameOf(call);
    return { subject, number: callsOf(workload, subject).indexOf(call) };
  };
  return overlappingCalls(workload)
    .map(({ calls: [a, b] }): MetCalls => [addressed(a), addressed(b)])
    .filter((pair) => pair.every(({ subject }) => raced.has(subject)))
    .slice(0, MOST_MET);
}

function callsOf({ calls }: Workload, name: string): readonly Recorded[] {
  return calls.filter((call) => nameOf(call) === name);
}

function nameOf(call: Recorded): string {
  return 'tool' in call ? call.tool : call.method;
}
