import type { EvidenceMap, ReplayFigures, Subject } from '../evidence/index.ts';
import type { CallSource, LoadContext } from '../load/index.ts';
import { runBatches, runMixed, runSolo } from '../load/index.ts';
import type { ServingAgent } from '../collect/index.ts';
import { collectBlocking, collectOverlap } from '../collect/index.ts';
import type { Home } from '../derive/index.ts';
import { monotonicMs } from '../session/index.ts';
import { joinRecord } from './joined-record.ts';
import { measureLookingCost } from './looking-cost.ts';
import type { Stage } from './plan.ts';
import { replayNotes, replayProfiled, replayTimed } from './replay-stage.ts';
import type { StagedReplay } from './replay-stage.ts';
import { subjectNotes } from './subject-notes.ts';
import type { SubjectNote } from './subject-notes.ts';
import type { FetchScripts, SourceLibrary } from './source-library.ts';
import { callTogether, traceWaits } from './trace-waits.ts';

/** What the stages work with, and what they found so far. */
export interface StageSetting {
  readonly context: LoadContext;
  readonly sources: readonly CallSource[];
  readonly agent: ServingAgent | null;
  readonly seed: number;
  /** Where the server's own code lives. */
  readonly home: Home;
  readonly library: SourceLibrary;
  readonly evidence: Partial<EvidenceMap>;
  readonly notes: string[];
  /** The recording that takes the place of the mix; null: calls are mixed. */
  readonly replay: StagedReplay | null;
}

/** Calls in flight together in the mixed and traced stages: enough to show a queue, few enough for small servers. */
const IN_FLIGHT = 8;
/** Of so many calls a state that every call shows can be believed, however starved the host: worth time on top. */
const CALLS_TO_BELIEVE = 3;
/** Of the profiling's time, for what the profiling itself costs: five seconds of a default run, ten on a starved host. */
const LOOKING_SHARE = 0.15;
/** Below this, waiting calls cannot be told from the host's scheduling, and nobody feels them. */
const OVERLAP_WORTH_TRACING_MS = 3;

/** Of the tracing's time, for calls that stand in line, which is proof of a fault; the rest for what each call waits for. */
const LINES_SHARE = 0.5;

/** Runs one stage until its budget is used or the run is aborted; its evidence is put into `setting.evidence`. */
export async function runStage(stage: Stage, setting: StageSetting): Promise<void> {
  const untilMs = monotonicMs() + stage.budgetMs;
  switch (stage.name) {
    case 'solo':
      setting.evidence.latency = await runSolo(setting.context, setting.sources, {
        untilMs,
        seed: setting.seed,
        atLeast: { calls: CALLS_TO_BELIEVE, untilMs: untilMs + stage.onTopMs },
      });
      return;
    case 'batches': {
      const { evidence, skipped } = await runBatches(setting.context, loadable(setting), {
        untilMs,
        leastRoundsUntilMs: untilMs + stage.onTopMs,
        seed: setting.seed,
        soloMs: soloMs(setting),
      });
      setting.evidence.concurrency = evidence;
      setting.notes.push(...subjectNotes(skipped));
      return;
    }
    case 'mixed': {
      if (setting.replay !== null) {
        setting.evidence.mixedLatency = await replayTimed(setting.context, setting.replay);
        setting.notes.push(...replayNotes(setting.evidence.mixedLatency.replay as ReplayFigures));
        return;
      }
      const sources = mixable(setting, stage.budgetMs, setting.notes);
      const { evidence } = await runMixed(setting.context, sources, {
        untilMs,
        seed: setting.seed,
        inFlight: IN_FLIGHT,
        soloMs: soloMs(setting),
      });
      setting.evidence.mixedLatency = evidence;
      return;
    }
    case 'blocking':
      return blockingStage(stage, setting);
    case 'overlap':
      return overlapStage(stage, setting);
    case 'leak':
    case 'race':
      // On servers that are given up for it: run/leak, run/race.
      return;
  }
}

async function blockingStage(stage: Stage, setting: StageSetting): Promise<void> {
  const { context, agent, seed } = setting;
  if (agent === null) return;
  const typical = soloMs(setting);
  const alone = answering(setting).filter(({ subject }) => {
    const fits = (typical.get(subject.name) ?? 0) <= stage.budgetMs;
    if (!fits)
      setting.notes.push(
        `${subject.name}: not profiled, since one call takes longer than the time for it (raise --budget).`,
      );
    return fits;
  });
  if (alone.length === 0) return;
  const { replay } = setting;
  const ownMs = stage.budgetMs - (replay?.profiled.durationMs ?? 0);
  const budgetMs = ownMs * (1 - LOOKING_SHARE);
  const recording = await collectBlocking.start(agent);
  // Half alone, so that every subject is seen however rare it is in the mix; half mixed, so that victims are.
  const aloneUntilMs = monotonicMs() + budgetMs / (replay === null ? 2 : 1);
  await runSolo(context, alone, {
    untilMs: aloneUntilMs,
    seed,
    maxCallsPerSubject: 60,
    atLeast: { calls: CALLS_TO_BELIEVE, untilMs: aloneUntilMs + stage.onTopMs },
  });
  const { calls } =
    replay === null
      ? await runMixed(context, mixable(setting, budgetMs / 2, []), {
          untilMs: monotonicMs() + budgetMs / 2,
          seed,
          inFlight: IN_FLIGHT,
          soloMs: typical,
        })
      : await replayProfiled(context, replay);
  const record = await recording.stop();
  const { home, library } = setting;
  Object.assign(
    setting.evidence,
    await joinRecord(record, calls, { home, library, fetch: fetchScripts(agent) }),
  );
  const lookingMs = ownMs * LOOKING_SHARE;
  setting.evidence.lookingCost = await measureLookingCost({
    context,
    agent,
    sources: loadable(setting),
    alone: setting.evidence.latency?.subjects ?? [],
    inFlight: IN_FLIGHT,
    untilMs: monotonicMs() + lookingMs,
    leastPairsUntilMs: monotonicMs() + 2 * lookingMs,
  });
}

async function overlapStage(stage: Stage, setting: StageSetting): Promise<void> {
  const { context, agent } = setting;
  if (agent === null) return;
  const untilMs = monotonicMs() + stage.budgetMs;
  const linesUntilMs = monotonicMs() + stage.budgetMs * LINES_SHARE;
  const subjects = await traceLines(agent, setting, {
    untilMs: linesUntilMs,
    firstUntilMs: linesUntilMs + stage.onTopMs,
  });
  await setting.library.learnStacks(subjects, fetchScripts(agent));
  setting.evidence.overlap = { subjects: setting.library.placeStacks(subjects) };
  setting.evidence.waiting = await traceWaits({
    agent,
    context,
    answering: answering(setting),
    loadable: loadable(setting),
    soloMs: soloMs(setting),
    inFlight: IN_FLIGHT,
    untilMs: Math.max(untilMs, monotonicMs() + stage.budgetMs * (1 - LINES_SHARE)),
  });
}

type OverlapRecords = EvidenceMap['overlap']['subjects'];

/** One traced batch of each tool, the quick ones first. One that takes longer than `untilMs` allows may use the time on top. */
async function traceLines(
  agent: ServingAgent,
  setting: StageSetting,
  { untilMs, firstUntilMs }: { readonly untilMs: number; readonly firstUntilMs: number },
): Promise<OverlapRecords> {
  const { context } = setting;
  const typical = soloMs(setting);
  const aloneMs = ({ subject }: CallSource): number => typical.get(subject.name) ?? 0;
  const worthTracing = loadable(setting)
    .filter((source) => source.subject.kind === 'tool' && aloneMs(source) >= OVERLAP_WORTH_TRACING_MS)
    .toSorted((a, b) => aloneMs(a) - aloneMs(b));
  const subjects: OverlapRecords[number][] = [];
  const untraced: SubjectNote[] = [];
  for (const source of worthTracing) {
    if (context.signal.aborted) break;
    // Serialised at worst: all in flight, one after the other, twice over.
    if (monotonicMs() + aloneMs(source) * IN_FLIGHT * 2 > firstUntilMs) {
      untraced.push({
        subject: source.subject.name,
        says: 'not traced for what its calls wait for, the budget was used up (raise --budget).',
      });
      continue;
    }
    const recording = await collectOverlap.start(agent, {
      subject: source.subject.name,
      inFlight: IN_FLIGHT,
    });
    await callTogether(source, IN_FLIGHT, context);
    subjects.push(await recording.stop());
    context.onProgress({
      subject: source.subject.name,
      done: 1 - Math.max(0, untilMs - monotonicMs()) / 1e4,
      calls: IN_FLIGHT,
    });
  }
  setting.notes.push(...subjectNotes(untraced));
  return subjects;
}

/** The agent's scripts; none once the server is gone. */
export function fetchScripts(agent: ServingAgent | null): FetchScripts | null {
  return agent === null ? null : (wanted) => agent.scripts(wanted).catch(() => null);
}

/** Sources that answered at least once when called alone: instruments and batches need answers. */
function answering(setting: StageSetting): readonly CallSource[] {
  const solo = setting.evidence.latency?.subjects;
  if (solo === undefined) return setting.sources;
  const answered = new Set(
    solo.filter((record) => record.latencyMs !== null).map((record) => record.subject.name),
  );
  return setting.sources.filter((source) => answered.has(source.subject.name));
}

/** Of those, the ones that may be called many times at once. */
function loadable(setting: StageSetting): readonly CallSource[] {
  return answering(setting).filter((source) => source.gentle !== true);
}

/** Of those, the ones of which a call fits. */
function mixable(setting: StageSetting, budgetMs: number, notes: string[]): readonly CallSource[] {
  const typical = soloMs(setting);
  return loadable(setting).filter(({ subject }) => {
    const fits = (typical.get(subject.name) ?? 0) <= budgetMs;
    if (!fits)
      notes.push(
        `${subject.name}: left out of the mix, since one call takes longer than the time for it (raise --budget).`,
      );
    return fits;
  });
}

function soloMs(setting: StageSetting): ReadonlyMap<Subject['name'], number> {
  return new Map(
    (setting.evidence.latency?.subjects ?? []).flatMap((record) =>
      record.latencyMs === null ? [] : [[record.subject.name, record.latencyMs.p50] as const],
    ),
  );
}
