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

/** References when all agree; else a sentence which one gave itself away, and by what. */
export async function findDifference(
  rehearse: Rehearse,
  requests: readonly TrialRequest[],
): Promise<References | string> {
  const seen = new Map<TrialRequest, Trial>();
  // One call has no others before it, in whatever order.
  const orders = requests.length > 1 ? [requests, requests.toReversed()] : [requests];
  for (const order of orders) {
    for (const [i, request] of order.entries()) {
      // Twice, for what a call leaves behind for its own next time.
      for (let time = 0; time < 2; time++) {
        const trial = await rehearse(request, i === 0 && time === 0);
        const before = seen.get(request);
        if (before === undefined) seen.set(request, trial);
        else {
          const difference = differenceOf(before, trial);
          if (difference !== null) return `${nameOf(request)} ${difference}`;
        }
      }
    }
  }
  return seen;
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
