import type { BlockingEvidence } from '../evidence/index.ts';
import { ascending, quantile } from '../stats/order.ts';

/** How another subject's calls went while the one in question had a call in flight. */
export interface Beside {
  readonly subject: string;
  readonly calls: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

/** Fewer say nothing of a percentile; of fewer than a hundred, the 99th is the slowest one. */
const CALLS_TO_TELL = 5;

/** The other subjects' latencies as the driver saw them, over the calls that `subject` had a call in flight beside; slowest first. */
export function besideCallsOf(blocking: BlockingEvidence, subject: string): readonly Beside[] {
  const own = unionOf(blocking.driverCalls.filter((call) => call.subject === subject));
  const latencies = new Map<string, number[]>();
  for (const call of blocking.driverCalls) {
    if (call.subject === subject || !call.ok || !meets(own, call.sentAtMs, call.receivedAtMs)) continue;
    const known = latencies.get(call.subject);
    if (known === undefined) latencies.set(call.subject, [call.receivedAtMs - call.sentAtMs]);
    else known.push(call.receivedAtMs - call.sentAtMs);
  }
  return [...latencies]
    .filter(([, values]) => values.length >= CALLS_TO_TELL)
    .map(([name, values]) => {
      const sorted = ascending(values);
      return {
        subject: name,
        calls: sorted.length,
        p50Ms: quantile(sorted, 0.5),
        p99Ms: quantile(sorted, 0.99),
      };
    })
    .toSorted((a, b) => b.p99Ms - a.p99Ms);
}

interface Span {
  readonly fromMs: number;
  toMs: number;
}

/** The times in which at least one of the calls was in flight, in order. */
function unionOf(calls: BlockingEvidence['driverCalls']): readonly Span[] {
  const spans: Span[] = [];
  for (const { sentAtMs, receivedAtMs } of calls.toSorted((a, b) => a.sentAtMs - b.sentAtMs)) {
    const last = spans.at(-1);
    if (last !== undefined && sentAtMs <= last.toMs) last.toMs = Math.max(last.toMs, receivedAtMs);
    else spans.push({ fromMs: sentAtMs, toMs: receivedAtMs });
  }
  return spans;
}

function meets(spans: readonly Span[], fromMs: number, toMs: number): boolean {
  let low = 0;
  let high = spans.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((spans[middle]?.toMs ?? Infinity) <= fromMs) low = middle + 1;
    else high = middle;
  }
  return (spans[low]?.fromMs ?? Infinity) < toMs;
}
