import type { Trial } from '../../evidence/index.ts';
import type { TrialRequest } from '../trial-runner.ts';
import { canonicalJson } from './masks.ts';

/*
 * When a cheap way to put the state back may stand in for a fresh process: when nothing of a trial can be told by the
 * trials before it. Shown by rehearsals: every call alone, in a server that has just begun and in one that has served
 * the others (in both orders) and itself before.
 */

/** Runs one rehearsal; `restart`: in a process started for it, from which the ones after go on. */
export type Rehearse = (request: TrialRequest, restart: boolean) => Promise<Trial>;

/** What each rehearsal gives in a server that is as it should be. */
export type References = ReadonlyMap<TrialRequest, Trial>;

/** With one call there would be none before it. */
const FEWEST = 2;

/** How long showing it may take: `now` in ms, of the same clock as `untilMs`. */
export interface RehearsalTime {
  readonly untilMs: number;
  readonly now: () => number;
}

/**
 * References when all agree; else a sentence which one gave itself away, and by what. When time is short, only as many of
 * the first requests are looked at as can be called in both orders, two at least.
 */
export async function findDifference(
  rehearse: Rehearse,
  requests: readonly TrialRequest[],
  { untilMs, now }: RehearsalTime = { untilMs: Number.POSITIVE_INFINITY, now: () => 0 },
): Promise<References | string> {
  const seen = new Map<TrialRequest, Trial>();
  /** Twice, for what a call leaves behind for its own next time. */
  const difference = async (request: TrialRequest, restart: boolean): Promise<string | null> => {
    const told = compared(seen, request, await rehearse(request, restart));
    return told ?? compared(seen, request, await rehearse(request, false));
  };
  const startedAtMs = now();
  for (const [i, request] of requests.entries()) {
    // The other way round takes as long again.
    if (i >= FEWEST && 2 * now() - startedAtMs >= untilMs) break;
    const told = await difference(request, i === 0);
    if (told !== null) return told;
  }
  // One call has no others before it, in whatever order.
  for (const [i, request] of seen.size > 1 ? [...seen.keys()].toReversed().entries() : []) {
    const told = await difference(request, i === 0);
    if (told !== null) return told;
  }
  return seen;
}

function compared(seen: Map<TrialRequest, Trial>, request: TrialRequest, trial: Trial): string | null {
  const before = seen.get(request);
  if (before === undefined) {
    seen.set(request, trial);
    return null;
  }
  const difference = differenceOf(before, trial);
  return difference === null ? null : `${nameOf(request)} ${difference}`;
}

/**
 * How two trials of the same request differ; null when they do not. Not only in what they answer: a server that takes
 * another way the second time (a cache that is filled, a connection that is open) has other races then.
 */
export function differenceOf(a: Trial, b: Trial): string | null {
  if (a.record.status !== b.record.status) return `ended as ${a.record.status}, then as ${b.record.status}`;
  if (text(a.answers) !== text(b.answers)) return 'answered differently after other calls';
  if (text(a.observed) !== text(b.observed)) return 'left another state behind after other calls';
  if (canonicalJson(a.files) !== canonicalJson(b.files)) return 'left other files behind after other calls';
  if (a.crash !== b.crash) return 'crashed once';
  return way(a) === way(b) ? null : 'took other steps after other calls';
}

/** What came of a trial, whatever way it took. */
export function outcomeOf({ record, answers, observed, files, crash }: Trial): string {
  return canonicalJson([record.status, answers, observed, files, crash]);
}

/** What the calls did, without names that say nothing (numbers of sockets and descriptors). */
function way(trial: Trial): string {
  return text(
    trial.record.steps
      // When the other end of a connection hangs up is that end's affair.
      .filter(({ lane, kind }) => !lane.startsWith('background') && kind !== 'socket.end')
      .map(({ lane, kind, phase, writes, resource }) => [
        lane,
        kind,
        phase,
        writes,
        resource?.replaceAll(/\d+/g, '0') ?? null,
      ]),
  );
}

function nameOf({ calls }: TrialRequest): string {
  const [call] = calls;
  return call?.tool ?? call?.method ?? 'the server';
}

function text(value: unknown): string {
  return JSON.stringify(value);
}
