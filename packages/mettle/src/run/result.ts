import type { Bundle, Detector, EvidenceMap, LatencyFigures, Result, ToolResult } from '../evidence/index.ts';
import { judgeThresholds, summariseComparison } from '../derive/index.ts';
import { serverTime, toolTimes } from '../derive/kind-of-slow.ts';
import { leakNotes } from '../detect/leak-notes.ts';
import { findingsOf, judge } from './verdicts.ts';

/** The result of a bundle: pure, so that a saved bundle can be judged again by a later version. */
export function resultOf(bundle: Bundle, detectors: readonly Detector[]): Result {
  const { manifest, evidence } = bundle;
  const target = evidence.target;
  const checks = judge(bundle, detectors);
  return {
    schema: 'mettle/result@1',
    mettle: manifest.mettle,
    node: manifest.node,
    startedAt: manifest.startedAt,
    durationMs: manifest.durationMs,
    command: manifest.command,
    target: {
      kind: target?.kind ?? (evidence.heapComparison === undefined ? 'stdio' : 'snapshots'),
      command: target?.command ?? null,
      url: target?.url ?? null,
      node: target?.node ?? null,
      server: target?.server ?? null,
      protocolVersion: target?.protocolVersion ?? null,
      era: target?.era ?? null,
      sdk: target?.sdk ?? null,
    },
    tools: toolResults(evidence),
    time: serverTime(evidence),
    checks,
    findings: findingsOf(checks),
    ...benchMember(evidence),
    ...comparisonMembers(evidence),
    ...(evidence.inProcess === undefined ? {} : { inProcess: evidence.inProcess }),
    ...(evidence.heapComparison === undefined ? {} : { heapComparison: evidence.heapComparison }),
    ...(evidence.probe === undefined ? {} : { probe: evidence.probe }),
    ...historyMember(evidence),
    ...(evidence.lookingCost === undefined ? {} : { lookingCost: evidence.lookingCost }),
    notes: [...manifest.notes, ...leakNotes(evidence.heapGrowth)],
  };
}

function benchMember({ bench }: Partial<EvidenceMap>): Pick<Result, 'bench'> {
  if (bench === undefined) return {};
  const { samples: _, ...figures } = bench;
  return { bench: figures };
}

function historyMember({ history }: Partial<EvidenceMap>): Pick<Result, 'history'> {
  return history === undefined ? {} : { history: { changes: history.changes, runs: history.entries.length } };
}

function comparisonMembers(evidence: Partial<EvidenceMap>): Pick<Result, 'comparison' | 'thresholds'> {
  const { comparison, bench, thresholds } = evidence;
  const measured = {
    ...(comparison === undefined ? {} : { comparison }),
    ...(bench === undefined ? {} : { bench }),
  };
  return {
    ...(comparison === undefined ? {} : { comparison: summariseComparison(comparison) }),
    ...(thresholds === undefined || thresholds.thresholds.length === 0
      ? {}
      : {
          thresholds: judgeThresholds(thresholds.thresholds, measured).map(({ threshold, ...judged }) => ({
            expression: threshold.expression,
            ...judged,
            unit: threshold.unit,
          })),
        }),
  };
}

/** Calls that fail leave something behind as well: that is looked for where no other calls can be made. */
function whatWasLookedAt(name: string, { heapGrowth, latency }: Partial<EvidenceMap>): string {
  const isTimed = latency?.subjects.some(({ subject }) => subject.name === name) === true;
  const fails = heapGrowth?.subjects.some((subject) => subject.name === name && subject.manner === 'failed');
  return fails === true && !isTimed ? 'only what failing calls leave behind was examined' : 'not measured';
}

function toolResults(evidence: Partial<EvidenceMap>): readonly ToolResult[] {
  const times = toolTimes(evidence);
  return (evidence.exercise?.subjects ?? []).map((subject): ToolResult => {
    const latency = evidence.latency?.subjects.find((record) => record.subject.name === subject.name);
    const blocking = evidence.blocking?.subjects.find((record) => record.name === subject.name);
    const overlap = evidence.overlap?.subjects.find((record) => record.name === subject.name);
    const calls = subject.outcomes?.calls ?? 0;
    const errors = subject.outcomes?.errors ?? 0;
    const allFailed = calls > 0 && errors === calls;
    const reason = allFailed
      ? `${whatWasLookedAt(subject.name, evidence)}: every call failed, first error: ${subject.outcomes?.firstError ?? 'none was seen'}`
      : subject.reason;
    const benched = evidence.bench?.blocks
      .at(-1)
      ?.subjects.find((record) => record.subject.name === subject.name)?.latencyMs;
    const measured = latency?.latencyMs ?? (benched == null ? null : percentilesOf(benched));
    return {
      name: subject.name,
      kind: subject.kind,
      exercised: subject.exercised && calls > 0,
      reason:
        reason ??
        (subject.exercised && calls === 0 ? 'not measured: the run ended before it was called' : null),
      calls,
      errors,
      latencyMs:
        measured === null || allFailed
          ? null
          : { p50: measured.p50, p95: measured.p95, p99: measured.p99, max: measured.max },
      cpuMsPerCall: allFailed ? null : cpuPerCall(latency?.mainCpuMsPerCall ?? null, blocking),
      maxBlockMs:
        blocking === undefined || blocking.calls === 0 ? null : (blocking.longestStretchesMs[0] ?? 0),
      retainedBytesPerCall: retainedBytesPerCall(subject.name, evidence.heapGrowth),
      overlap:
        overlap === undefined || overlap.callsWithoutOperation === overlap.inFlight
          ? null
          : overlap.maxOutstanding,
      time: allFailed ? null : (times.get(subject.name) ?? null),
    };
  });
}

/** What answered calls leave behind for good; null when nobody looked. */
function retainedBytesPerCall(name: string, heap: EvidenceMap['heapGrowth'] | undefined): number | null {
  if (heap?.subjects.some((subject) => subject.name === name && subject.calls > subject.errors) !== true)
    return null;
  return Math.round(
    heap.growths
      .filter(({ subject, bound }) => subject?.name === name && bound.kind === 'none')
      .reduce((sum, growth) => sum + growth.bytesPerCall, 0),
  );
}

function percentilesOf({ p50, p95, p99, max }: LatencyFigures): NonNullable<ToolResult['latencyMs']> {
  return { p50: p50.value, p95: p95.value, p99: p99.value, max };
}

/** Main-thread CPU without an instrument where it could be read from outside, else the instrument's figure. */
function cpuPerCall(
  outside: number | null,
  blocking: { readonly calls: number; readonly cpuMs: number } | undefined,
): number | null {
  if (outside !== null) return outside;
  return blocking === undefined || blocking.calls === 0 ? null : blocking.cpuMs / blocking.calls;
}
