import { UsageError } from '../../evidence/index.ts';
import type { RecordedMoment } from '../../evidence/index.ts';
import type { Workload } from '../workload.ts';

/** When the calls of a recording were made. */
export interface Recorded {
  /** When each session made its first call, after the start of the recording; null when it does not say. */
  readonly sessionStartsMs: readonly number[] | null;
  readonly moments: readonly RecordedMoment[];
}

const OUTCOMES = ['success', 'tool-error', 'protocol-error', 'cancelled', 'unanswered'];

/** The timeline of a recording. Throws UsageError when the workload has none, or one that does not fit its calls. */
export function readRecorded(workload: Workload): Recorded {
  const recording = workload.recording as { timeline?: unknown; sessionStartsMs?: unknown } | undefined;
  if (typeof recording !== 'object' || recording === null || !Array.isArray(recording.timeline))
    throw new UsageError(
      'The workload holds no recording to replay: mettle record writes one. Without --replay its calls are made as a mix.',
    );
  const timeline = recording.timeline as readonly unknown[];
  for (const [i, moment] of timeline.entries())
    if (!isMoment(moment, workload.calls.length))
      throw new UsageError(
        `The recording cannot be replayed: recording.timeline[${i}] is ${JSON.stringify(moment)?.slice(0, 120)}, which is no moment of one of its ${workload.calls.length} calls. Calls of a recording may be changed; when some are taken out, record again.`,
      );
  const moments = timeline as readonly RecordedMoment[];
  const sessions = 1 + moments.reduce((most, { session }) => Math.max(most, session), -1);
  const starts: unknown = recording.sessionStartsMs;
  const known = Array.isArray(starts) && starts.length >= sessions && starts.every(isTime);
  return { moments, sessionStartsMs: known ? starts : null };
}

function isMoment(value: unknown, calls: number): value is RecordedMoment {
  if (typeof value !== 'object' || value === null) return false;
  const { call, session, atMs, durationMs, outcome } = value as Partial<RecordedMoment>;
  return (
    isIndex(call) &&
    call < calls &&
    isIndex(session) &&
    isTime(atMs) &&
    (durationMs === null || isTime(durationMs)) &&
    OUTCOMES.includes(outcome as string)
  );
}

const isIndex = (value: unknown): value is number => Number.isSafeInteger(value) && (value as number) >= 0;
const isTime = (value: unknown): value is number => Number.isFinite(value) && (value as number) >= 0;
