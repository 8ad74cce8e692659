import { homeOf } from '../../derive/index.ts';
import type { CatalogueEvidence, RaceEvidence, TargetEvidence } from '../../evidence/index.ts';
import { chooseRunner, explore, replay } from '../../explore/index.ts';
import type {
  ChosenRunner,
  RaceProgress,
  RaceSubject,
  ReplayResult,
  TrialRequest,
  Trials,
} from '../../explore/index.ts';
import { existingFiles, findReadable } from '../../load/index.ts';
import { monotonicMs, readCatalogue } from '../../session/index.ts';
import { targetEvidence } from '../facts.ts';
import type { ExaminationRequest } from '../request.ts';
import { SourceLibrary } from '../source-library.ts';
import { listingNotes } from '../listing.ts';
import { planRace } from './race-calls.ts';
import type { RaceCalls } from './race-calls.ts';
import { atOriginalPlaces } from './race-places.ts';
import type { RaceSettings } from './race-settings.ts';

export interface RaceRunOptions {
  readonly request: ExaminationRequest;
  readonly settings: RaceSettings;
  readonly budgetMs: number;
  /** What making ready may take on top: starting the server, and showing that it can be put back. */
  readonly onTopMs: number;
  readonly onProgress: (progress: RaceProgress) => void;
}

/** What a race brought back. */
export interface Raced {
  readonly catalogue: CatalogueEvidence;
  readonly target: TargetEvidence;
  readonly calls: RaceCalls;
  readonly evidence: RaceEvidence;
  readonly notes: readonly string[];
}

/** Of the time, for showing that the server can be put back: what is left is for races. */
const REHEARSED_SHARE = 0.3;

/** Races the calls of a server that runs on a working copy; closes it. */
export async function raceOn(trials: Trials, options: RaceRunOptions): Promise<Raced> {
  const { request } = options;
  const startedAtMs = monotonicMs();
  const directory = trials.copy.dir;
  try {
    const { catalogue } = await readCatalogue(trials.session);
    const folder = await givenFolder(trials);
    const files = await existingFiles(folder);
    const calls = planRace(request, catalogue, { directory, folder, files });
    const target = targetEvidence({
      request,
      session: trials.session,
      agent: trials.agent,
      noAgent: '',
    });
    const runner = await chooseRunner(trials, rehearsals(calls), 'auto', {
      untilMs: startedAtMs + REHEARSED_SHARE * (options.budgetMs + options.onTopMs),
      now: monotonicMs,
    });
    const { evidence, notes } = await searchOrReplay(runner, { ...options, calls, directory, startedAtMs });
    const library = new SourceLibrary(
      homeOf({
        cwd: request.spec.cwd,
        command: request.spec.kind === 'module' ? null : request.spec.command,
      }),
    );
    const placed = await atOriginalPlaces(
      { ...evidence, workingCopy: copyInWords(request, trials) },
      { library, directory, cwd: request.spec.cwd, fetch: (wanted) => trials.scripts(wanted) },
    );
    return {
      catalogue,
      target,
      calls,
      evidence: placed,
      notes: [
        ...listingNotes(catalogue),
        ...notes,
        ...library.notes(),
        ...givenCopies(trials),
        ...writesOutside(trials),
        ...escaped(evidence),
      ],
    };
  } finally {
    await trials.close();
  }
}

/** The folder of the working copy that the server was given: servers of files allow no other. */
async function givenFolder({ copy, command }: Trials): Promise<string> {
  const { directory } = await findReadable({ workingCopy: null, command, cwd: copy.dir });
  return directory.startsWith(copy.dir) ? directory : copy.dir;
}

function copyInWords({ workload }: ExaminationRequest, { copy }: Trials): string {
  const copied = [...(workload?.state == null ? [] : [workload.state.copy]), ...copy.given];
  return copied.length === 0 ? 'an empty folder' : `a copy of ${copied.join(', ')}`;
}

/** Each call alone: what shows that a cheap reset does what a fresh process would. */
function rehearsals({ subjects, setup, observe }: RaceCalls): readonly TrialRequest[] {
  // Two of each: what a set in memory keeps of one call shows only beside another. What writes first, should time be short.
  const changing = ({ annotations }: RaceSubject): number => (annotations.readOnlyHint === true ? 1 : 0);
  const calls = subjects
    .toSorted((a, b) => changing(a) - changing(b))
    .flatMap(({ call }) => [call(0), call(1)]);
  return calls.map((call) => ({
    setup,
    calls: [call],
    schedule: { strategy: 'sequential', order: ['A'] },
    observe,
  }));
}

interface Search extends RaceRunOptions {
  readonly calls: RaceCalls;
  readonly directory: string;
  readonly startedAtMs: number;
}

async function searchOrReplay(
  runner: ChosenRunner,
  { request, settings, budgetMs, onTopMs, calls, directory, startedAtMs, onProgress }: Search,
): Promise<{ readonly evidence: RaceEvidence; readonly notes: readonly string[] }> {
  const common = {
    runner,
    observe: calls.observe,
    preemptionBound: settings.preemptionBound,
    seed: request.seed,
    invariants: [],
    ignore: settings.ignore,
    onProgress,
    signal: request.signal,
    subjects: calls.subjects,
    setup: calls.setup,
  };
  if (settings.replay !== null) {
    const shown = await replay({ ...common, replay: settings.replay });
    return {
      evidence: replayEvidence(runner, settings, {
        shown,
        directory,
        durationMs: monotonicMs() - startedAtMs,
      }),
      notes: [replayInWords(settings.replay, shown)],
    };
  }
  const evidence = await explore({
    ...common,
    connections: settings.processes > 1 ? settings.processes : request.spec.kind === 'http' ? 2 : 1,
    processes: settings.processes,
    workingCopy: directory,
    // What was spent until here is part of it.
    budgetMs: Math.max(0, budgetMs - Math.max(0, monotonicMs() - startedAtMs - onTopMs)),
    leftOut: calls.leftOut,
    met: calls.met,
    now: monotonicMs,
  });
  return {
    evidence,
    notes: [
      `The state was put back between trials by ${runner.reset}: ${runner.why}.`,
      ...metInWords(calls.met),
    ],
  };
}

function metInWords(met: RaceCalls['met']): readonly string[] {
  const pairs = [...new Set(met.map(([a, b]) => `${a.subject} × ${b.subject}`))];
  const more = pairs.length > 5 ? ` and ${pairs.length - 5} more` : '';
  return pairs.length === 0
    ? []
    : [`Raced first, since they ran together in the recording: ${pairs.slice(0, 5).join(', ')}${more}.`];
}

/** One schedule as evidence: found again, or not. */
function replayEvidence(
  runner: ChosenRunner,
  settings: RaceSettings,
  {
    shown,
    directory,
    durationMs,
  }: { readonly shown: ReplayResult; readonly directory: string; readonly durationMs: number },
): RaceEvidence {
  const { violation } = shown;
  return {
    reset: runner.reset,
    workingCopy: directory,
    processes: settings.processes,
    preemptionBound: settings.preemptionBound,
    trials: 1,
    pairs: [
      {
        subjects: shown.subjects,
        connections: 1,
        trials: 1,
        badTrials: violation === null ? 0 : 1,
        completeBound: null,
        worst: violation?.class ?? null,
        undecided: null,
      },
    ],
    violations: violation === null ? [] : [violation],
    scaling: [],
    leftOut: [],
    replayed: true,
    uncontrolled: shown.trial.record.uncontrolled,
    coverage: replayInWords(settings.replay ?? '', shown),
    elapsedMs: durationMs,
    cpuMs: 0,
  };
}

/** `--replay` in a sentence: the fault is there again, it is gone, or the code is another. */
function replayInWords(token: string, { status, divergedAt }: ReplayResult): string {
  switch (status) {
    case 'shown':
      return `The schedule ${token} shows the fault again.`;
    case 'gone':
      return `Gone: the schedule ${token} was followed to its end, and what comes of it an order of the same calls explains.`;
    case 'diverged':
      return `The code diverged at step ${(divergedAt ?? 0) + 1}: from there on the schedule ${token} could not be followed, and what came instead is no fault. Search anew: mettle race without --replay.`;
  }
}

/** What its command names is another folder's than people read there. */
function givenCopies({ copy }: Trials): readonly string[] {
  return copy.given.length === 0
    ? []
    : [`The server was given copies of what its command and variables name: ${copy.given.join(', ')}.`];
}

/** Where the server writes by itself, which went to copies; a tool that was refused was not seen as it is. */
function writesOutside(trials: Trials): readonly string[] {
  const told = (paths: readonly string[]): string =>
    `${paths.slice(0, 3).join(', ')}${paths.length > 3 ? ` and ${paths.length - 3} more` : ''}`;
  const [shadowed, refused] = [trials.shadowedWrites(), trials.refusedWrites()];
  return [
    ...(shadowed.length === 0
      ? []
      : [
          `What the server writes outside its working copy went to copies, nothing there was changed: ${told(shadowed)}.`,
        ]),
    ...(refused.length === 0
      ? []
      : [
          `The server was refused to write to what is too large to be copied: ${told(refused)}. To race it on other state, give "state" in a workload.`,
        ]),
  ];
}

function escaped({ uncontrolled }: RaceEvidence): readonly string[] {
  return uncontrolled.length === 0
    ? []
    : [
        `Control is lost: ${uncontrolled.join(', ')}. When these went on was not chosen; calls that met them were also raced with random delays.`,
      ];
}
