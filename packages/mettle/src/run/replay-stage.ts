import { openSession } from '../session/index.ts';
import type { Session } from '../session/index.ts';
import { runReplayed, scheduleReplay } from '../load/index.ts';
import type { LoadContext, ReplaySchedule, SubjectPlanning, Workload } from '../load/index.ts';
import type { MixedLatencyEvidence, ReplayFigures, TargetSpec } from '../evidence/index.ts';
import { replayFigures } from './replay-figures.ts';
import type { ExaminationRequest } from './request.ts';

/** A recording as the stages of an examination make it again. */
export interface StagedReplay {
  readonly speed: number;
  /** Sessions as they were: over HTTP with one server, over stdio a process each. */
  readonly timed: ReplaySchedule;
  /**
   * What is profiled is one process: over stdio each session was another's, so that there they come one after the other.
   */
  readonly profiled: ReplaySchedule;
  /** Opens another session with the server. */
  readonly another: () => Promise<Session>;
}

/** The recording that is to be made again; null when none is. */
export function stageReplay(
  request: ExaminationRequest,
  planning: SubjectPlanning,
  {
    directory,
    spec,
    session,
  }: { readonly directory: string; readonly spec: TargetSpec; readonly session: Session },
): StagedReplay | null {
  const { replay, workload, seed } = request;
  if (replay === undefined || workload === null) return null;
  const reasons = new Map(planning.plans.map(({ name, reason }) => [name, reason]));
  const whyNot = ({ name }: { readonly name: string }): string | null => reasons.get(name) ?? null;
  const schedule = (of: Workload): ReplaySchedule => scheduleReplay(of, replay, { whyNot, directory, seed });
  const oneServer = spec.kind === 'http';
  const again = oneServer ? { ...spec, command: null } : spec;
  return {
    speed: replay.speed,
    timed: schedule(workload),
    profiled: schedule(oneServer ? workload : withoutStarts(workload)),
    another: async () =>
      (await openSession(again, { era: session.era, replies: workload.replies, signal: request.signal }))
        .session,
  };
}

/** Sessions of which it is not known when they began follow each other. */
function withoutStarts(workload: Workload): Workload {
  const { sessionStartsMs: _, ...recording } = workload.recording as Record<string, unknown>;
  return { ...workload, recording };
}

/** The recording once more, as its clients made it; nothing is called before. */
export async function replayTimed(
  context: LoadContext,
  { timed, another, speed }: StagedReplay,
): Promise<MixedLatencyEvidence> {
  const closing: Promise<void>[] = [];
  const opened = new Map<number, Session>();
  const close = (number: number): void => {
    const session = opened.get(number);
    opened.delete(number);
    if (session !== undefined) closing.push(session.close());
  };
  try {
    const { evidence, log } = await runReplayed(context, {
      schedule: timed,
      open: async (number) => {
        if (number === 0) return context.session;
        const session = await another();
        opened.set(number, session);
        return session;
      },
      close,
    });
    return { ...evidence, replay: replayFigures(timed, log, speed) };
  } finally {
    for (const number of opened.keys()) close(number);
    await Promise.all(closing);
  }
}

/** The same while the server is profiled, all in the session by which it was reached. */
export function replayProfiled(
  context: LoadContext,
  { profiled }: StagedReplay,
): ReturnType<typeof runReplayed> {
  return runReplayed(context, {
    schedule: profiled,
    open: () => Promise.resolve(context.session),
    close: () => undefined,
  });
}

/** What a reader has to know of the replay. */
export function replayNotes({
  recorded,
  calls,
  sessions,
  mostUnderWay,
  idleCutMs,
  held,
  leftOut,
  differing,
}: ReplayFigures): readonly string[] {
  const cut = idleCutMs >= 1000 ? `; ${Math.round(idleCutMs / 1000)} s in which nobody asked are cut` : '';
  const late =
    held.calls === 0
      ? ''
      : `; ${held.calls} waited for answers that their client had had, up to ${Math.ceil(held.longestMs)} ms`;
  return [
    `The recording was made again in its order, with its pauses: ${calls} of ${recorded.calls} calls in ${sessions} session${sessions === 1 ? '' : 's'}, at most ${mostUnderWay} under way (${recorded.mostUnderWay} then)${cut}${late}.`,
    ...leftOut.map(
      ({ subject, calls: missing, why }) =>
        `Of the recording left out: ${counted(missing)} of ${subject}: ${why}.`,
    ),
    ...differing.map(
      ({ subject, recorded: then, now, calls: other }) =>
        `${subject.name}: ${counted(other)} of the recording ended otherwise (${then} then, ${now} now): the server changed, or its state is not the one that the recording began with.`,
    ),
  ];
}

function counted(calls: number): string {
  return `${calls} call${calls === 1 ? '' : 's'}`;
}
