import { build, encodeIntoCompressedBase64 } from 'hdr-histogram-js';
import { CHECKS } from '../../src/evidence/index.ts';
import type {
  Bundle,
  Check,
  EvidenceMap,
  Finding,
  Frame,
  LatencyRecord,
  Result,
  ToolResult,
  Verdict,
} from '../../src/evidence/index.ts';

/** Anything of a type with some of its fields given. */
type Some<T> = { readonly [K in keyof T]?: T[K] | undefined };

export function frame(name: string, file: string, line = 1, column = 1): Frame {
  return { function: name, file, line, column };
}

export function finding(some: Some<Finding> = {}): Finding {
  const { tool, location, ...rest } = {
    tool: 'hash',
    location: { file: '/srv/app/src/hash.ts', line: 12, column: 20, function: 'deriveKey' },
    ...some,
  };
  return {
    id: 'blocked-event-loop',
    fingerprint: 'f00d',
    severity: 'high',
    confidence: 'measured',
    title: 'hash holds the event loop for 48.3 ms in every call',
    evidence: [],
    cost: { value: 48.3, unit: 'ms CPU', per: 'call' },
    fix: 'Move pbkdf2Sync off the main thread with offload() of @mettle/runtime, or use the asynchronous crypto.pbkdf2.',
    verify: {
      command: 'mettle check --tool hash -- node server.js',
      expect: 'no blocked-event-loop in hash',
    },
    ...(tool === undefined ? {} : { tool }),
    ...(location === undefined ? {} : { location }),
    ...defined(rest),
  };
}

function defined<T extends object>(value: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

export function toolResult(some: Partial<ToolResult> = {}): ToolResult {
  return {
    name: 'hash',
    kind: 'tool',
    exercised: true,
    reason: null,
    calls: 2000,
    errors: 0,
    latencyMs: { p50: 48.9, p95: 51.2, p99: 55.04, max: 80.7 },
    cpuMsPerCall: 48.3,
    maxBlockMs: 52.1,
    retainedBytesPerCall: null,
    overlap: 1,
    ...some,
  };
}

export function passedOver(name: string, reason: string): ToolResult {
  return toolResult({
    name,
    exercised: false,
    reason,
    calls: 0,
    latencyMs: null,
    cpuMsPerCall: null,
    maxBlockMs: null,
    overlap: null,
  });
}

/** A result whose checks follow from its findings; checks without a finding are clear unless given. */
export function result(
  some: Partial<Omit<Result, 'checks'>> = {},
  checks: Partial<Record<Check, Verdict>> = {},
): Result {
  const findings = some.findings ?? [];
  const verdicts = CHECKS.map((check): [Check, Verdict] => [
    check,
    checks[check] ?? { status: 'clear', looked: '5 tools, 1,240 calls' },
  ]);
  return {
    schema: 'mettle/result@1',
    mettle: '0.1.0',
    node: 'v20.20.2',
    startedAt: '2026-11-22T10:00:00.000Z',
    durationMs: 41_250,
    command: 'mettle check -- node server.js',
    target: {
      kind: 'stdio',
      command: ['node', 'server.js'],
      url: null,
      node: 'v24.21.0',
      server: { name: 'general-sick', version: '1.0.0' },
      protocolVersion: '2025-11-25',
      era: '2025',
      sdk: { name: '@modelcontextprotocol/sdk', version: '1.32.2' },
    },
    tools: [],
    notes: [],
    ...some,
    checks: Object.fromEntries(verdicts) as Record<Check, Verdict>,
    findings,
  };
}

export function bundle(evidence: Partial<EvidenceMap> = {}): Bundle {
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      examination: 'check',
      mettle: '0.1.0',
      node: 'v20.20.2',
      command: 'mettle check -- node server.js',
      startedAt: '2026-11-22T10:00:00.000Z',
      durationMs: 41_250,
      present: Object.keys(evidence) as (keyof EvidenceMap)[],
      absent: {},
      notes: [],
    },
    evidence,
  };
}

export function found(...findings: readonly Finding[]): Verdict {
  return { status: 'found', findings };
}

/** A record whose histogram holds exactly these latencies. */
export function latencyRecord(name: string, latenciesMs: readonly number[]): LatencyRecord {
  const histogram = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 60_000_000,
    numberOfSignificantValueDigits: 3,
  });
  for (const ms of latenciesMs) histogram.recordValue(Math.max(1, Math.round(ms * 1000)));
  return {
    subject: { name, kind: 'tool' },
    outcomes: { calls: latenciesMs.length, errors: 0, errorKinds: {}, firstError: null },
    histogram: encodeIntoCompressedBase64(histogram),
    latencyMs: null,
    slowest: [],
    mainCpuMsPerCall: null,
    processCpuMsPerCall: null,
  };
}
