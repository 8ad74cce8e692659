import type { BenchEvidence, LoadShape } from '../../evidence/index.ts';
import { createMix, measureBlock, ReplayLog, scheduleReplay } from '../../load/index.ts';
import type { Driver, ReplaySchedule, ReplaySetting, SubjectPlanning, Workload } from '../../load/index.ts';
import type { TargetClock } from '../../load/load.ts';
import { openProcessClock } from '../../session/index.ts';
import type { Session } from '../../session/index.ts';
import { replayFigures } from '../replay-figures.ts';
import { REPLAYING } from './progress.ts';
import type { BenchClock } from './progress.ts';
import type { BenchRequest, Mutable } from './request.ts';
import { samplesOf } from './subjects.ts';

/** The load that a recording is. Throws UsageError when the workload holds none that can be made again. */
export function replayShape(workload: Workload, replay: ReplaySetting): LoadShape {
  const { mostSessions, durationMs } = scheduleReplay(workload, replay, {
    whyNot: () => null,
    directory: null,
    seed: 1,
  });
  return { kind: 'replay', connections: Math.max(1, mostSessions), speed: replay.speed, durationMs };
}

interface Setting {
  readonly request: BenchRequest;
  readonly replay: ReplaySetting;
  readonly planning: SubjectPlanning;
  readonly directory: string;
  /** Opens another session with the server. */
  readonly another: () => Promise<Session>;
  readonly progress: BenchClock;
  readonly notes: string[];
}

/**
 * Makes the calls of the recording again: nothing before them, neither a look nor a warm-up, since the state that they
 * find is part of what was recorded. Each session is opened at its time and closed after its last call.
 */
export async function replayRecording(
  driver: Driver,
  bench: Mutable<BenchEvidence>,
  { request, replay, planning, directory, another, progress, notes }: Setting,
): Promise<void> {
  const { settings, signal, seed, workload } = request;
  if (workload === null) throw new Error('a replay without a workload');
  const why = new Map(planning.plans.map(({ name, reason }) => [name, reason]));
  const schedule = scheduleReplay(workload, replay, {
    whyNot: ({ name }) => why.get(name) ?? null,
    directory,
    seed,
  });
  const called = new Set(schedule.calls.map(({ subject }) => subject.name));
  const sources = planning.sources.filter(({ subject }) => called.has(subject.name));
  bench.samples = samplesOf(sources);
  bench.leftOut = planning.plans
    .filter(({ name, exercised }) => !exercised || !called.has(name))
    .map((plan) => ({
      ...plan,
      exercised: false,
      reason: plan.reason ?? 'not called: the recording has no call of it',
      outcomes: null,
    }));
  bench.weights = sharesOf(schedule);
  if (schedule.calls.length === 0) {
    notes.push('Nothing was replayed: the recording has no call that may be made.');
    return;
  }
  const sessions = new ReplaySessions(driver, another);
  const log = new ReplayLog(schedule.calls.length);
  progress.begin(REPLAYING);
  try {
    const block = await measureBlock(driver, createMix(sources, { seed }), {
      shape: settings.shape,
      replay: {
        schedule,
        log,
        open: (session) => sessions.open(session),
        close: (session) => sessions.close(session),
      },
      callTimeoutMs: settings.callTimeoutMs,
      seed,
      signal,
      onProgress: (live) => progress.live(live),
    });
    bench.blocks = [block];
    bench.replay = replayFigures(schedule, log, replay.speed);
    if (block.endedEarly !== null)
      notes.push(
        `The replay ended before its time (${block.endedEarly}): ${log.ends.filter((end) => end === null).length} calls were not answered or not made.`,
      );
  } finally {
    await sessions.end();
  }
}

/** The sessions of a replay; the first one is that by which the server was reached. */
class ReplaySessions {
  readonly #driver: Driver;
  readonly #another: () => Promise<Session>;
  readonly #open = new Map<number, { readonly session: Session; readonly clock: ClockOfOneLife | null }>();
  readonly #closing: Promise<void>[] = [];

  constructor(driver: Driver, another: () => Promise<Session>) {
    this.#driver = driver;
    this.#another = another;
  }

  async open(number: number): Promise<Driver['clients'][number]> {
    const [first] = this.#driver.clients;
    if (number === 0 && first !== undefined) return first;
    const session = await this.#another();
    // Over HTTP the server is another's process, whose clock runs already.
    const clock = session.process === null ? null : new ClockOfOneLife(session.process.pid);
    this.#open.set(number, { session, clock });
    return this.#driver.join(session, clock);
  }

  close(number: number): void {
    const opened = this.#open.get(number);
    if (opened === undefined) return;
    this.#open.delete(number);
    opened.clock?.close();
    this.#closing.push(opened.session.close());
  }

  async end(): Promise<void> {
    for (const number of this.#open.keys()) this.close(number);
    await Promise.all(this.#closing);
  }
}

/** The clock of a process that ends before it is read: it stands still at what it showed last. */
class ClockOfOneLife implements TargetClock {
  readonly #clock: ReturnType<typeof openProcessClock>;
  #last: { readonly main: ReturnType<TargetClock['mainThread']>; readonly treeCpuMs: number | null } | null =
    null;

  constructor(pid: number) {
    this.#clock = openProcessClock(pid);
  }

  mainThread(): ReturnType<TargetClock['mainThread']> {
    return this.#last === null ? this.#clock.mainThread() : this.#last.main;
  }

  processTree(): ReturnType<TargetClock['processTree']> {
    if (this.#last === null) return this.#clock.processTree();
    const { treeCpuMs } = this.#last;
    return treeCpuMs === null ? null : { cpuMs: treeCpuMs, rssBytes: 0 };
  }

  close(): void {
    this.#last = {
      main: this.#clock.mainThread(),
      treeCpuMs: this.#clock.processTree()?.cpuMs ?? null,
    };
    this.#clock.close();
  }
}

function sharesOf({ calls }: ReplaySchedule): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { subject } of calls) counts[subject.name] = (counts[subject.name] ?? 0) + 1;
  return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, count / calls.length]));
}
