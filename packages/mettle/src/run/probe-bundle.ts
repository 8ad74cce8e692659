import type {
  Bundle,
  EvidenceKey,
  EvidenceMap,
  LatencyEvidence,
  ProbeEvidence,
  ProbeOutcome,
  TargetSpec,
} from '../evidence/index.ts';
import { targetEvidence } from './facts.ts';

const OUTSIDE = 'mettle probe looks from outside, once: run mettle check';

/** One look from outside as a bundle, so that detectors judge it and every format renders it. */
export function probeBundle(
  probe: ProbeEvidence,
  run: {
    readonly spec: TargetSpec;
    readonly targetArguments: string;
    readonly command: string;
    readonly mettle: string;
  },
): Bundle {
  const { outcome } = probe;
  const latency = listingLatency(outcome);
  const evidence: Partial<EvidenceMap> = {
    target: {
      ...targetEvidence({ request: run, session: null, agent: null, noAgent: OUTSIDE }),
      server: outcome.server,
      protocolVersion: outcome.protocolVersion,
      era: outcome.era,
      reproducedBy: 'probe',
    },
    reach: {
      phases: outcome.phases,
      failed:
        outcome.failedPhase === null || isOnlyUnauthorised(outcome)
          ? null
          : { phase: outcome.failedPhase, message: outcome.sentence, stderrTail: outcome.stderrTail },
    },
    probe,
    ...(latency === null ? {} : { latency }),
  };
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: run.mettle,
      node: process.version,
      examination: 'probe',
      command: run.command,
      startedAt: outcome.startedAt,
      durationMs: outcome.durationMs,
      present: Object.keys(evidence) as EvidenceKey[],
      absent: { stdout: OUTSIDE, ...(latency === null ? { latency: 'tools/list was not answered' } : {}) },
      notes: isOnlyUnauthorised(outcome) ? ['Without credentials only the reachability was looked at.'] : [],
    },
    evidence,
  };
}

/** Reachable, and asking correctly for the authorisation that nobody gave it: as it should be. */
export function isOnlyUnauthorised({ status, authorisation }: ProbeOutcome): boolean {
  return status === 'unauthorised' && authorisation?.credentialsRefused === false;
}

/** The listings as timed calls, without what the network's round trip takes of them. */
function listingLatency({ listMs, phases }: ProbeOutcome): LatencyEvidence | null {
  if (listMs.length === 0) return null;
  const roundTripMs = phases.find(({ phase }) => phase === 'connect')?.durationMs ?? 0;
  const sorted = listMs.map((each) => Math.max(0, each - roundTripMs)).toSorted((a, b) => a - b);
  const at = (share: number): number =>
    sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
  return {
    subjects: [
      {
        subject: { name: 'tools/list', kind: 'method' },
        outcomes: { calls: sorted.length, errors: 0, errorKinds: {}, firstError: null },
        histogram: null,
        latencyMs: {
          p50: at(0.5),
          p90: at(0.9),
          p95: at(0.95),
          p99: at(0.99),
          max: at(1),
          mean: sorted.reduce((sum, each) => sum + each, 0) / sorted.length,
        },
        slowest: [],
        mainCpuMsPerCall: null,
        processCpuMsPerCall: null,
      },
    ],
  };
}
