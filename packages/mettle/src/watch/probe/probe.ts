import { UsageError } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { lookOverHttp, outcomeOf } from './http-probe.ts';
import type { Probe, ProbeOptions, ProbeOutcome, ProbeTarget } from './outcome.ts';

/** See `Probe`. */
export const probe: Probe = async (target, options = {}, signal) => {
  signal?.throwIfAborted();
  const { spec } = target;
  if (spec.kind !== 'http' || spec.command !== null)
    throw new UsageError('Only servers behind a URL can be probed so far.');
  if (!URL.canParse(spec.url) || !/^https?:$/.test(new URL(spec.url).protocol))
    throw new UsageError(`${JSON.stringify(spec.url)} is no http:// or https:// URL.`);
  return probeUrl(target, { ...spec, command: null }, options, signal);
};

async function probeUrl(
  target: ProbeTarget,
  spec: Extract<ProbeTarget['spec'], { readonly kind: 'http' }>,
  options: ProbeOptions,
  signal: AbortSignal | undefined,
): Promise<ProbeOutcome> {
  const times = { startedAt: new Date().toISOString(), startedAtMs: monotonicMs() };
  const headers = {
    ...(target.bearer === undefined ? {} : { authorization: `Bearer ${target.bearer}` }),
    ...spec.headers,
  };
  const { look, sessionEnd } = await lookOverHttp(spec, headers, options, signal);
  return outcomeOf(target, look, times, { sessionEnd, authorisation: null, stderrTail: [] });
}
