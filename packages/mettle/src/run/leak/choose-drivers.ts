import type { HeapSubjectRecord, TargetSpec } from '../../evidence/index.ts';
import { answeredDriver, cancelledDriver, failedDriver, failingDriver } from '../../load/index.ts';
import type { CallSource, LeakDriver, Workload } from '../../load/index.ts';
import { monotonicMs } from '../../session/index.ts';
import type { Session } from '../../session/index.ts';
import { partByOutcome } from './parted-source.ts';
import { sessionDrivers } from './session-drivers.ts';
import type { AnsweredSource } from './session-drivers.ts';

export interface DriverChoice {
  readonly drivers: readonly LeakDriver[];
  /** How long one call of each takes alone. */
  readonly callMs: readonly number[];
  readonly notCovered: readonly string[];
  /** Tools that could not be examined at all: calls and what went wrong. */
  readonly unanswered: readonly Pick<HeapSubjectRecord, 'name' | 'calls' | 'errors' | 'firstError'>[];
}

export interface DriverSettings {
  readonly session: Session;
  readonly spec: TargetSpec;
  readonly sources: readonly CallSource[];
  readonly workload: Workload | null;
  readonly signal: AbortSignal;
  readonly callTimeoutMs: number;
  /** When trying what can be called has to end. */
  readonly untilMs: number;
}

/** A call that takes longer cannot be made often enough for its leaks to be told from chance. */
const SLOWEST_CALL_MS = 5000;
/** A trial is given up when it has shown that it is too slow. */
const TRIAL_MS = SLOWEST_CALL_MS + 500;

interface Trying {
  readonly settings: DriverSettings;
  readonly drivers: LeakDriver[];
  readonly callMs: number[];
  readonly notCovered: string[];
  /** Who is called with the same arguments over and over. */
  readonly repeating: string[];
  /** What was answered, for the lives of sessions. */
  readonly answered: AnsweredSource[];
}

/** Tries each subject once or twice, and decides in which manners it is called. */
export async function chooseDrivers(settings: DriverSettings): Promise<DriverChoice> {
  const trying: Trying = { settings, drivers: [], callMs: [], notCovered: [], repeating: [], answered: [] };
  const unanswered: DriverChoice['unanswered'][number][] = [];
  for (const source of settings.sources) {
    const { name } = source.subject;
    if (source.gentle === true) {
      trying.notCovered.push(
        `${name}: it reaches somebody else's service, so it is not called hundreds of times; name it with --tool to have it examined.`,
      );
      continue;
    }
    if (monotonicMs() > settings.untilMs) {
      trying.notCovered.push(`${name}: the time was used up before it was tried (raise --budget).`);
      continue;
    }
    const fault = await trySource(trying, source);
    if (fault !== null) unanswered.push({ name, calls: 1, errors: 1, firstError: fault });
  }
  const sessions = await sessionDrivers(settings, trying.answered);
  for (const { driver, ms } of sessions.drivers) add(trying, driver, ms);
  trying.notCovered.push(...sessions.notCovered, ...repeatingNote(trying.repeating));
  const { drivers, callMs, notCovered } = trying;
  return { drivers, callMs, notCovered, unanswered };
}

/** What went wrong when no call of the source was answered in time. */
async function trySource(trying: Trying, source: CallSource): Promise<string | null> {
  const { settings } = trying;
  const first = await timed(() => answeredDriver(withoutFresh(source), settings).run('fresh', TRIAL_MS));
  if (first.ms > SLOWEST_CALL_MS) {
    trying.notCovered.push(
      `${source.subject.name}: one call takes ${(first.ms / 1000).toFixed(1)} s, too long to make it often enough.`,
    );
    return first.fault;
  }
  const parts =
    source.subject.kind === 'tool' && monotonicMs() < settings.untilMs
      ? await partByOutcome(source, settings, TRIAL_MS)
      : null;
  const { answered, failing } =
    parts ??
    (first.fault === null ? { answered: source, failing: null } : { answered: null, failing: source });
  if (failing !== null) add(trying, failingDriver(failing, settings), first.ms);
  if (answered !== null) await tryAnswered(trying, answered, { firstMs: first.ms, fails: failing !== null });
  return null;
}

/** Its calls as they are, if they go well with new arguments; those that the client cancels; those that cannot go well. */
async function tryAnswered(
  trying: Trying,
  source: CallSource,
  { firstMs, fails }: { readonly firstMs: number; readonly fails: boolean },
): Promise<void> {
  const { settings } = trying;
  // Arguments that nobody knew before may name what is not there.
  const fresh = answeredDriver(source, settings);
  const second = await timed(() => fresh.run('fresh', TRIAL_MS));
  const chosen = second.fault === null ? source : withoutFresh(source);
  const ms = Math.min(firstMs, second.ms);
  add(trying, second.fault === null ? fresh : answeredDriver(chosen, settings), ms);
  if (source.repeats === true || chosen !== source) trying.repeating.push(source.subject.name);
  if (source.subject.kind !== 'tool') return;
  trying.answered.push({ source: chosen, ms });
  if (source.readOnly === true && !fails) {
    const failed = failedDriver(chosen, settings);
    const third = await timed(() => failed.run('fresh', TRIAL_MS));
    if (third.fault === null) add(trying, failed, third.ms);
  }
  add(trying, cancelledDriver(chosen, settings), second.ms);
}

/** That nothing is known of caches by argument, of whom. */
function repeatingNote(names: readonly string[]): readonly string[] {
  return names.length === 0
    ? []
    : [
        `No new arguments could be made for ${names.join(', ')}: a cache keyed by them could not be seen to grow (write {i} or {uuid} into the arguments of a workload).`,
      ];
}

function add(trying: Trying, driver: LeakDriver, ms: number): void {
  trying.drivers.push(driver);
  trying.callMs.push(ms);
}

function withoutFresh(source: CallSource): CallSource {
  const { fresh: _, ...plain } = source;
  return plain;
}

async function timed(
  run: () => Promise<string | null>,
): Promise<{ readonly ms: number; readonly fault: string | null }> {
  const startedAtMs = monotonicMs();
  const fault = await run();
  return { ms: monotonicMs() - startedAtMs, fault };
}
