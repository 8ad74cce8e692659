import type { CatalogueEvidence, RaceCall, SubjectPlan, ToolInfo } from '../../evidence/index.ts';
import type { MetCalls, RaceSubject } from '../../explore/index.ts';
import { namesakes, planSubjects, setupRequests } from '../../load/index.ts';
import type { CallSource, ExistingFile } from '../../load/index.ts';
import type { ExaminationRequest } from '../request.ts';
import { callOf } from './race-call.ts';
import { asRecorded, metInRecording } from './recorded-calls.ts';

/** What is raced, in which state, and by which read-only calls it is looked at afterwards. */
export interface RaceCalls {
  readonly plans: readonly SubjectPlan[];
  readonly subjects: readonly RaceSubject[];
  readonly setup: readonly RaceCall[];
  readonly observe: readonly RaceCall[];
  readonly leftOut: readonly { readonly subject: string; readonly why: string }[];
  /** Calls that ran together in the recording, the most frequent first. */
  readonly met: readonly MetCalls[];
}

/** Where the calls of a race name files. */
export interface RacePlaces {
  /** The working copy: `{dir}`. */
  readonly directory: string;
  /** The folder in it that the server was given, where it was given one; and the files that lie there. */
  readonly folder?: string;
  readonly files?: readonly ExistingFile[];
}

/** More observers make each trial longer, and most show the same state. */
const MOST_OBSERVERS = 6;

/**
 * The calls of a race on a working copy: as in every examination read-only tools, and what the user named or allowed. A
 * tool that says it reaches nothing outside may still keep its state in a database, which no copy of files holds.
 */
export function planRace(
  request: Pick<ExaminationRequest, 'tools' | 'workload' | 'allowWrites' | 'seed'>,
  catalogue: CatalogueEvidence,
  { directory, folder = directory, files = [] }: RacePlaces,
): RaceCalls {
  const { plans, sources } = planSubjects(catalogue, { ...request, directory });
  const tools = new Map(catalogue.tools.map((tool) => [tool.name, tool]));
  const raced = sources.filter(({ subject, gentle }) => subject.kind === 'tool' && gentle !== true);
  const given = sources.filter(({ subject }) => subject.kind === 'method' && isGiven(plans, subject.name));
  const planned = [...raced, ...given].map((source) =>
    subjectOf(source, tools, { plans, folder, files, seed: request.seed }),
  );
  const subjects = asRecorded(planned, request.workload, { directory, seed: request.seed });
  // Naming what is raced, as the command that shows a fault again does, is no reason to look away from what it leaves behind.
  const unasked =
    request.tools.length === 0
      ? []
      : planRace({ ...request, tools: [] }, catalogue, { directory, folder, files }).observe;
  return {
    plans,
    subjects,
    met: metInRecording(subjects, request.workload),
    setup: setupRequests(request.workload?.setup ?? [], { directory, seed: request.seed }).map(callOf),
    observe: firstOf(...observers(subjects, sources), ...unasked),
    leftOut: [
      ...plans.flatMap(({ name, kind, reason }) =>
        reason === null || kind !== 'tool' ? [] : [{ subject: name, why: reason }],
      ),
      ...sources
        .filter(({ subject, gentle }) => subject.kind === 'tool' && gentle === true)
        .map(({ subject }) => ({
          subject: subject.name,
          why: 'not called: it reaches somebody else’s service (openWorldHint), which cannot be put back; name it with --tool',
        })),
    ],
  };
}

function isGiven(plans: readonly SubjectPlan[], name: string): boolean {
  return plans.some((plan) => plan.name === name && plan.arguments === 'workload');
}

function subjectOf(
  source: CallSource,
  tools: ReadonlyMap<string, ToolInfo>,
  {
    plans,
    folder,
    files,
    seed,
  }: Required<Omit<RacePlaces, 'directory'>> & {
    readonly plans: readonly SubjectPlan[];
    readonly seed: number;
  },
): RaceSubject {
  const { name } = source.subject;
  const tool = tools.get(name);
  const made =
    tool === undefined || isGiven(plans, name) ? null : namesakes(tool, { seed, directory: folder, files });
  return {
    name,
    annotations: tool?.annotations ?? { readOnlyHint: true },
    call: (number) =>
      made === null ? callOf(source.call(number)) : { tool: name, arguments: made(number), connection: 0 },
  };
}

/** What changes nothing shows the state: read-only tools as they are called anyhow, and the first resources. */
function observers(subjects: readonly RaceSubject[], sources: readonly CallSource[]): readonly RaceCall[] {
  const reading = subjects
    .filter(({ annotations }) => annotations.readOnlyHint === true)
    .map(({ call }) => call(0));
  const resources = sources
    .filter(({ subject }) => subject.name === 'resources/read')
    .map((source) => callOf(source.call(0)));
  return [...reading, ...resources];
}

/** The first of both, each once. */
function firstOf(...all: readonly RaceCall[]): readonly RaceCall[] {
  const byText = new Map(all.map((call) => [JSON.stringify(call), call]));
  return [...byText.values()].slice(0, MOST_OBSERVERS);
}
