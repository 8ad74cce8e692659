import type { BenchResult, ReplayFigures } from '../../evidence/index.ts';
import { formatCount, formatDuration, formatMs, plural } from '../figures.ts';

/** The replay in one sentence. */
export function replayHeadline(replay: ReplayFigures, times: string, failures: string): string {
  const { calls, recorded, sessions, differing } = replay;
  const made =
    calls === recorded.calls
      ? `All ${formatCount(calls)}`
      : `${formatCount(calls)} of ${formatCount(recorded.calls)}`;
  const ends =
    differing.length === 0
      ? `${replay.notCompared === 0 ? 'every one' : formatCount(replay.sameOutcome)} ended as it did then`
      : `${formatCount(sum(differing))} ended otherwise than then`;
  return `${made} recorded calls made again in ${plural(sessions, 'session')}: ${ends}${times}; ${failures === '' ? 'no failures' : failures}.`;
}

/** What of a recording was kept, and what came out otherwise: label and words. */
export function replayFacts({ replay }: Pick<BenchResult, 'replay'>): readonly (readonly [string, string])[] {
  if (replay === undefined) return [];
  const { recorded, held, leftOut, differing, idleCutMs } = replay;
  const [once, now] = [recorded.mostUnderWay, replay.mostUnderWay];
  return [
    [
      'recording',
      `${plural(recorded.calls, 'call')} of ${plural(recorded.sessions, 'session')} in ${formatDuration(recorded.durationMs)}${idleCutMs >= 1 ? `, of which ${formatDuration(idleCutMs)} without anybody are cut` : ''}; ${recorded.p50Ms === null ? 'none was answered' : `as recorded p50 ${formatMs(recorded.p50Ms)}, p99 ${formatMs(recorded.p99Ms ?? 0)}`}`,
    ],
    [
      'at once',
      `${now} under way at most, ${once} in the recording${held.calls === 0 ? '' : `; ${plural(held.calls, 'call')} waited for answers that their client had had when it made them, up to ${formatMs(held.longestMs)}: the server is slower than it was, or the pace is higher`}`,
    ],
    ...differing.map(({ subject, recorded: before, now: end, calls }): readonly [string, string] => [
      'otherwise',
      `${subject.name}: ${plural(calls, 'call')}: ${before} then, ${end === 'success' ? 'a success' : end} now`,
    ]),
    ...leftOut.map(({ subject, calls, why }): readonly [string, string] => [
      'left out',
      `${subject}: ${plural(calls, 'call')}: ${why}`,
    ]),
  ];
}

export function replayWarnings({ replay }: Pick<BenchResult, 'replay'>): readonly string[] {
  if (replay === undefined || replay.differing.length === 0) return [];
  return [
    `${plural(sum(replay.differing), 'call')} ended otherwise than when ${sum(replay.differing) === 1 ? 'it was' : 'they were'} recorded: the server changed, or its state is not the one that the recording began with.`,
  ];
}

function sum(rows: ReplayFigures['differing']): number {
  return rows.reduce((total, { calls }) => total + calls, 0);
}
