import type { CpuProfileEvidence } from '../evidence/index.ts';
import { viewProfile } from './profile-view.ts';
import type { RawBlocking } from './stack-join.ts';
import { synchronousCall } from './stretches.ts';

/**
 * Which call each sample belongs to, and the time it stands for net of the host's delays. On a busy host a sample
 * stands for the time in which the thread was not running too; a slice's clocks tell how much of it that was.
 */
export function sampleCalls(
  raw: RawBlocking,
): Required<Pick<CpuProfileEvidence, 'sampleCalls' | 'sampleNetUs'>> {
  const view = viewProfile(raw.profile);
  const slices = samplesBySlice(raw, view.sampleTimesUs);
  const waiting = new Set<number>();
  slices.forEach((slice, i) => {
    if (slice < 0 || waiting.has(slice)) return;
    const path = view.path(raw.profile.samples[i] as number);
    if (synchronousCall(path.map((step) => step.frame)) !== undefined) waiting.add(slice);
  });
  let previousUs = raw.profile.startTime;
  const sampleNetUs = Array.from(view.sampleTimesUs, (timeUs, i) => {
    const weightUs = timeUs - previousUs;
    previousUs = timeUs;
    const slice = slices[i] as number;
    return slice < 0 ? weightUs : Math.round(weightUs * ownShare(raw, slice, waiting.has(slice)));
  });
  return { sampleCalls: slices.map((slice) => (slice < 0 ? 0 : (raw.slices.call[slice] ?? 0))), sampleNetUs };
}

/** The slice of the timeline that each sample fell into; -1 between slices, and in those too short to be recorded. */
function samplesBySlice(raw: RawBlocking, timesUs: Float64Array): number[] {
  const { startedAtMs, wallMs } = raw.slices;
  const order = [...startedAtMs.keys()].sort(
    (a, b) => (startedAtMs[a] as number) - (startedAtMs[b] as number),
  );
  let next = 0;
  return Array.from(timesUs, (timeUs) => {
    const atMs = (timeUs + raw.profileOffsetUs) / 1000;
    const ended = (slice: number | undefined): boolean =>
      slice !== undefined && (startedAtMs[slice] ?? 0) + (wallMs[slice] ?? 0) < atMs;
    while (ended(order[next])) next++;
    const slice = order[next];
    return slice !== undefined && (startedAtMs[slice] as number) <= atMs ? slice : -1;
  });
}

/** The part of a slice that was the server's doing: its CPU, and where it waits synchronously all but the host's delay. */
function ownShare(raw: RawBlocking, slice: number, waits: boolean): number {
  const wallMs = raw.slices.wallMs[slice] ?? 0;
  const cpuMs = raw.slices.cpuMs[slice] ?? -1;
  const delayMs = Math.max(0, raw.slices.hostDelayMs[slice] ?? 0);
  if (wallMs <= 0) return 1;
  const ownMs = waits || cpuMs < 0 ? wallMs - delayMs : Math.min(cpuMs, wallMs - delayMs);
  return Math.min(1, Math.max(0, ownMs / wallMs));
}
