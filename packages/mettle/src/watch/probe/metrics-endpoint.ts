import type { InsideFacts, InsideLook } from '../../evidence/index.ts';
import { monotonicMs } from '../../session/clock.ts';
import { shownUrl } from '../../session/fault-sentences.ts';
import { fetchText, type FetchTerms } from './fetch-json.ts';

/** An endpoint in the server's own process that does not answer in this time does not tell of it either. */
const METRICS_MS = 2000;
const MAX_BYTES = 4 * 1024 * 1024;

/** Metrics of @mettle/runtime, then those that prom-client has by default and mean the same. */
const NAMES = {
  heapBytes: ['mettle_heap_used_bytes', 'nodejs_heap_size_used_bytes'],
  heapLimitBytes: ['mettle_heap_limit_bytes'],
  rssBytes: ['mettle_resident_bytes', 'process_resident_memory_bytes'],
  eventLoopDelayS: ['mettle_event_loop_delay_seconds', 'nodejs_eventloop_lag_seconds'],
  eventLoopUtilization: ['mettle_event_loop_utilization'],
  running: ['mettle_running'],
  queued: ['mettle_queued'],
  refused: ['mettle_refused_total'],
  shedding: ['mettle_shedding'],
  startTimeS: ['mettle_start_time_seconds', 'process_start_time_seconds'],
} as const;
const WANTED: ReadonlySet<string> = new Set(Object.values(NAMES).flat());

/** What the server's Prometheus endpoint tells, also of a server that answers no client. Rejects only with the signal's reason. */
export async function readMetrics(
  url: string,
  headers: Readonly<Record<string, string>>,
  terms: Pick<FetchTerms, 'ca' | 'signal'>,
): Promise<InsideLook> {
  const told = (facts: InsideFacts | null, fault: string | null): InsideLook => ({
    facts,
    offersHealth: null,
    fault,
  });
  const shown = shownUrl(new URL(url));
  try {
    const { status, text } = await fetchText(
      new URL(url),
      { ...terms, deadlineMs: monotonicMs() + METRICS_MS },
      { accept: 'text/plain', headers, maxBytes: MAX_BYTES },
    );
    if (status !== 200) return told(null, `${shown} answered with HTTP ${String(status)}`);
    const facts = insideOf(text, Date.now());
    return told(facts, facts === null ? `${shown} tells no metrics of @mettle/runtime or prom-client` : null);
  } catch (error) {
    terms.signal?.throwIfAborted();
    return told(null, error instanceof Error ? error.message : String(error));
  }
}

/** The figures in Prometheus' text format; null when it holds none of them. */
export function insideOf(text: string, nowMs: number): InsideFacts | null {
  const sums = new Map<string, number>();
  // Series that differ in their labels, as by tool, are added up.
  for (const [, name = '', value = ''] of text.matchAll(
    /^([a-zA-Z_:][\w:]*)(?:\{[^\n]*\})?[ \t]+(\S+)[^\n]*$/gm,
  )) {
    const figure = Number(value);
    if (WANTED.has(name) && Number.isFinite(figure)) sums.set(name, (sums.get(name) ?? 0) + figure);
  }
  if (sums.size === 0) return null;
  const first = (names: readonly string[]): number | null => {
    const found = names.find((name) => sums.has(name));
    return found === undefined ? null : (sums.get(found) ?? null);
  };
  const delayS = first(NAMES.eventLoopDelayS);
  const startS = first(NAMES.startTimeS);
  return {
    status: (first(NAMES.shedding) ?? 0) > 0 ? 'overloaded' : 'ok',
    heapBytes: first(NAMES.heapBytes),
    heapLimitBytes: first(NAMES.heapLimitBytes),
    rssBytes: first(NAMES.rssBytes),
    eventLoopDelayMs: delayS === null ? null : delayS * 1000,
    eventLoopUtilization: first(NAMES.eventLoopUtilization),
    running: first(NAMES.running),
    queued: first(NAMES.queued),
    refused: first(NAMES.refused),
    uptimeS: startS === null ? null : Math.max(0, Math.round(nowMs / 1000 - startS)),
  };
}
