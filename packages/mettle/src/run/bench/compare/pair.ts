import type { ComparedPair, Era, TargetSpec } from '../../../evidence/index.ts';
import { runPairedTurns } from '../../../load/index.ts';
import { monotonicMs, openProcessClock } from '../../../session/index.ts';
import { idleMsOfCores, placeTogether } from '../placement.ts';
import { openSide, type OpenSide, type SideOptions } from './open-side.ts';

export interface PairOptions extends SideOptions {
  readonly measureMs: number;
  readonly warmUpMs: number;
  /** Of each side, since versions may speak different ones; null: to be found out. */
  readonly eras: { readonly baseline: Era | null; readonly candidate: Era | null };
  /** The baseline is the yardstick: its one tool stands beside every subject of the candidate. */
  readonly yardstick: boolean;
  /** Counted from 0: every other pair begins with the candidate, in starting as in calling. */
  readonly number: number;
}

/** A pair, but for its place in the run. */
export interface MeasuredPair extends Omit<ComparedPair, 'share'> {
  readonly sides: { readonly baseline: OpenSide; readonly candidate: OpenSide };
}

/** As many as the guide's small servers should bear, and enough to show a queue. */
const IN_FLIGHT = 8;

/** Starts a fresh process of each version, warms both up, calls them in turns, and stops them. */
export async function measurePair(
  baseline: TargetSpec,
  candidate: TargetSpec,
  options: PairOptions,
): Promise<MeasuredPair> {
  const startedAtMs = monotonicMs();
  const candidateFirst = options.number % 2 === 1;
  const idleBefore = idleMsOfCores();
  const sides = await openBoth(baseline, candidate, options, candidateFirst);
  const driver = openProcessClock(process.pid);
  // Both on the same cores, where they have the same neighbours: on cores of their own, one of them may have worse ones.
  const placed = placeTogether(
    [sides.baseline, sides.candidate].flatMap(({ session }) => session.process?.pid ?? []),
    idleBefore,
  );
  try {
    const subjects = await runPairedTurns(sides.baseline, sides.candidate, {
      untilMs: monotonicMs() + options.measureMs,
      driver,
      candidateFirst,
      inFlight: IN_FLIGHT,
    });
    const [a, b] = [sides.baseline.rssBytes(), sides.candidate.rssBytes()];
    return {
      startedAtMs,
      durationMs: monotonicMs() - startedAtMs,
      subjects,
      rssBytes: a === null || b === null || a === 0 || b === 0 ? null : { baseline: a, candidate: b },
      sides,
    };
  } finally {
    driver.close();
    placed.release();
    await Promise.all([sides.baseline.close(), sides.candidate.close()]);
  }
}

/** Both at once, since starting takes longer than measuring; when one fails the other is stopped. */
async function openBoth(
  baseline: TargetSpec,
  candidate: TargetSpec,
  options: PairOptions,
  candidateFirst: boolean,
): Promise<MeasuredPair['sides']> {
  const openOne = (name: 'baseline' | 'candidate', spec: TargetSpec): Promise<OpenSide> => {
    const plain = { ...options, era: options.eras[name] };
    const asked = options.yardstick && name === 'baseline' ? { ...plain, tools: [], workload: null } : plain;
    return openSide(spec, asked, options.warmUpMs);
  };
  const started = candidateFirst
    ? [openOne('candidate', candidate), openOne('baseline', baseline)].toReversed()
    : [openOne('baseline', baseline), openOne('candidate', candidate)];
  const [a, b] = await Promise.allSettled(started as [Promise<OpenSide>, Promise<OpenSide>]);
  if (a.status === 'fulfilled' && b.status === 'fulfilled')
    return {
      baseline: options.yardstick ? beside(a.value, b.value) : a.value,
      candidate: b.value,
    };
  if (a.status === 'fulfilled') await a.value.close();
  if (b.status === 'fulfilled') await b.value.close();
  // One of them is the reason.
  throw a.status === 'rejected' ? a.reason : (b as PromiseRejectedResult).reason;
}

/** The yardstick with its tool under the name of every subject of the other. */
function beside(yardstick: OpenSide, { sources }: OpenSide): OpenSide {
  const work = yardstick.sources.find(({ subject }) => subject.kind === 'tool');
  return {
    ...yardstick,
    sources: work === undefined ? [] : sources.map(({ subject }) => ({ ...work, subject })),
  };
}
