import type { RecordedMoment } from '../../evidence/index.ts';
import type { Workload } from '../workload.ts';
import { readRecorded } from './recorded.ts';
import type { Recorded } from './recorded.ts';

/** Two calls of a workload that ran at the same time when it was recorded. */
export interface Overlap {
  /** Indexes into its calls, the smaller first. */
  readonly calls: readonly [number, number];
  readonly times: number;
}

/** Of a client with hundreds of calls under way the latest: further ones are pairs of the same calls. */
const MOST_UNDER_WAY = 64;

/** What ran together in the recording, the most frequent first; empty when the workload holds none that can be read. */
export function overlappingCalls(workload: Workload): readonly Overlap[] {
  const recorded = readable(workload);
  if (recorded === null) return [];
  const { moments, sessionStartsMs } = recorded;
  const counts = new Map<string, { calls: [number, number]; times: number }>();
  // Of sessions whose times are not known, nothing is known of what ran beside them.
  const clocks = sessionStartsMs === null ? groupsOf(moments) : [moments];
  for (const own of clocks) {
    const spans = own
      .map(({ call, session, atMs, durationMs }) => {
        const startMs = (sessionStartsMs?.[session] ?? 0) + atMs;
        return { call, startMs, endMs: startMs + (durationMs ?? 0) };
      })
      .toSorted((a, b) => a.startMs - b.startMs);
    let underWay: typeof spans = [];
    for (const span of spans) {
      underWay = underWay.filter(({ endMs }) => endMs > span.startMs).slice(-MOST_UNDER_WAY);
      for (const other of underWay) {
        const calls: [number, number] = [Math.min(span.call, other.call), Math.max(span.call, other.call)];
        const row = counts.get(calls.join()) ?? { calls, times: 0 };
        row.times++;
        counts.set(calls.join(), row);
      }
      underWay.push(span);
    }
  }
  return [...counts.values()].toSorted((a, b) => b.times - a.times);
}

function readable(workload: Workload): Recorded | null {
  try {
    return readRecorded(workload);
  } catch {
    return null;
  }
}

function groupsOf(moments: readonly RecordedMoment[]): readonly (readonly RecordedMoment[])[] {
  const sessions = new Set(moments.map(({ session }) => session));
  return [...sessions].map((number) => moments.filter(({ session }) => session === number));
}
