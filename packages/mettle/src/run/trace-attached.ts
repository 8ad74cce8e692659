import { collectWaiting } from '../collect/index.ts';
import type { AgentChannel } from '../collect/index.ts';
import type { WaitingEvidence } from '../evidence/index.ts';
import { settlesWithin } from '../session/index.ts';
import { untilDone } from './attached-process.ts';
import type { Progress } from './progress.ts';

/** Of the time that Mettle watches; the rest is for blocks, which are the rarer thing. */
const SHARE = 0.2;
/** Following every callback costs a multiple of what profiling costs: calls of a few seconds show what they wait for. */
const MOST_MS = 5_000;
/** Shorter, hardly a call would begin and end within it. */
const LEAST_MS = 500;
/** A loop that does not answer for so long is held: what was traced is not worth waiting for. */
const PATIENCE_MS = 10_000;

export interface TracingRequest {
  readonly pid: number;
  readonly durationMs: number;
  readonly alwaysOn?: boolean;
  readonly signal: AbortSignal;
  readonly onProgress: (progress: Progress) => void;
}

/** How much of the time goes to what calls wait for; 0 when it is short, and in the form that is to cost next to nothing. */
export function tracingMs({ durationMs, alwaysOn }: TracingRequest): number {
  const ms = Math.min(MOST_MS, SHARE * durationMs);
  return alwaysOn === true || ms < LEAST_MS ? 0 : ms;
}

/** Traces what the calls of clients wait for, in a server in use; null when that was interrupted, not wished, or not answered. */
export async function traceAttached(
  channel: AgentChannel,
  request: TracingRequest,
): Promise<WaitingEvidence | null> {
  const durationMs = tracingMs(request);
  if (durationMs === 0 || request.signal.aborted) return null;
  const traced = trace(channel, { ...request, durationMs }).catch(() => null);
  return (await settlesWithin(traced, durationMs + PATIENCE_MS)) ? await traced : null;
}

async function trace(channel: AgentChannel, request: TracingRequest): Promise<WaitingEvidence | null> {
  const agent = await channel.serving(PATIENCE_MS);
  if (agent === null) return null;
  const recording = await collectWaiting.start(agent);
  const title = `tracing what calls in process ${request.pid} wait for`;
  await untilDone({ ...request, onProgress: (now) => request.onProgress({ ...now, title }) });
  const calls = await recording.stop();
  // As clients made them, alone or several at a time: nobody chose.
  return { alone: calls, together: { ...calls, subjects: [], inFlight: 0 } };
}
