import type { HeapSubjectRecord, TargetSpec } from '../../evidence/index.ts';
import {
  answeredDriver,
  cancelledDriver,
  failedDriver,
  failingDriver,
  sessionDriver,
  sessionLives,
} from '../../load/index.ts';
import type { CallSource, LeakDriver, Workload } from '../../load/index.ts';
import { monotonicMs, openSession } from '../../session/index.ts';
import type { Session } from '../../session/index.ts';

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

interface Trying {
  readonly settings: DriverSettings;
  readonly drivers: LeakDriver[];
  readonly callMs: number[];
  readonly notCovered: string[];
}

/** Tries each subject once or twice, and decides in which manners it is called. */
export async function chooseDrivers(settings: DriverSettings): Promise<DriverChoice> {
  const trying: Trying = { settings, drivers: [], callMs: [], notCovered: [] };
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
  await trySessions(trying);
  const { drivers, callMs, notCovered } = trying;
  return { drivers, callMs, notCovered, unanswered };
}

/** What went wrong when no call of the source was answered in time. */
async function trySource(trying: Trying, source: CallSource): Promise<string | null> {
  const { settings } = trying;
  const plain = answeredDriver(withoutFresh(source), settings);
  const first = await timed(() => plain.run('fresh'));
  if (first.ms > SLOWEST_CALL_MS) {
    trying.notCovered.push(
      `${source.subject.name}: one call takes ${(first.ms / 1000).toFixed(1)} s, too long to make it often enough.`,
    );
    return first.fault;
  }
  if (first.fault !== null) {
    add(trying, failingDriver(source, settings), first.ms);
    return null;
  }
  // Arguments that nobody knew before may name what is not there.
  const fresh = answeredDriver(source, settings);
  const second = await timed(() => fresh.run('fresh'));
  const chosen = second.fault === null ? source : withoutFresh(source);
  add(trying, second.fault === null ? fresh : plain, Math.min(first.ms, second.ms));
  if (source.subject.kind !== 'tool') return null;
  if (source.readOnly === true) {
    const failed = failedDriver(chosen, settings);
    const { ms, fault } = await timed(() => failed.run('fresh'));
    if (fault === null) add(trying, failed, ms);
  }
  add(trying, cancelledDriver(chosen, settings), second.ms);
  return null;
}

/** Sessions have lives of their own over HTTP in the era that has sessions. */
async function trySessions(trying: Trying): Promise<void> {
  const { session, spec, workload, callTimeoutMs, signal } = trying.settings;
  const wanted = workload?.sessions ?? null;
  if (spec.kind !== 'http' || session.era !== '2025' || wanted?.churn === false) return;
  const lives = sessionLives({
    open: async () => {
      const opened = await openSession({ ...spec, command: null }, { era: '2025', signal });
      return opened.session;
    },
    call: { method: 'tools/list', params: {} },
    calls: wanted?.calls ?? 1,
    callTimeoutMs,
  });
  const manners =
    wanted === null
      ? (['ended', 'abandoned', 'cut-off'] as const)
      : [wanted.end === 'delete' ? ('ended' as const) : ('abandoned' as const)];
  for (const manner of manners) {
    const driver = sessionDriver(lives, manner, 2 + (wanted?.calls ?? 1));
    const { ms, fault } = await timed(() => driver.run('fresh'));
    if (fault === null) add(trying, driver, ms);
    else trying.notCovered.push(`Sessions that are ${manner}: none could be opened (${fault}).`);
  }
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
