import type { BenchEvidence, BlockFigures, Bundle, SubjectFigures } from '../../src/evidence/index.ts';
import { SubjectTally } from '../../src/load/drive/subject-tally.ts';
import type { FailureKind } from '../../src/evidence/index.ts';

/** Figures of a subject whose calls took so long, and failed so often. */
export function subjectFigures(
  name: string,
  latenciesMs: readonly number[],
  failures: Readonly<Partial<Record<FailureKind, readonly string[]>>> = {},
): SubjectFigures {
  const tally = new SubjectTally({ name, kind: 'tool' });
  for (const ms of latenciesMs) tally.succeeded(ms, 100, 200);
  for (const [kind, messages] of Object.entries(failures))
    for (const message of messages)
      tally.failedWith(kind as FailureKind, message, { latencyMs: 1, bytesSent: 100, bytesReceived: 50 });
  return tally.figures();
}

/** A block of two seconds with these subjects. */
export function block(subjects: readonly SubjectFigures[], some: Partial<BlockFigures> = {}): BlockFigures {
  const calls = subjects.reduce((sum, { outcomes }) => sum + outcomes.calls, 0);
  const [first] = subjects;
  return {
    variant: '',
    shape: { kind: 'closed', connections: 1, inFlight: 4, thinkTimeMs: 0 },
    startedAtMs: 0,
    durationMs: 2000,
    throughputPerSecond: calls / 2,
    offeredPerSecond: calls / 2,
    endedEarly: null,
    unfinished: 0,
    total: { ...(first as SubjectFigures), subject: { name: '', kind: 'method' } },
    subjects,
    target: {
      mainCpuMsPerCall: 0.5,
      processCpuMsPerCall: 0.6,
      mainUtilisation: 0.25,
      hostDelayMs: 10,
      rssBytesAtStart: 70 * 2 ** 20,
      rssBytes: 80 * 2 ** 20,
      gc: { count: 3, totalMs: 4, longestMs: 2 },
      eventLoopDelayMs: { p50: 0.2, p99: 3, max: 5 },
      eventLoopUtilisation: 0.3,
      heapUsedBytes: 20 * 2 ** 20,
    },
    driver: {
      cpuMsPerCall: 0.02,
      utilisation: 0.1,
      latenessMs: { p50: 0.1, p99: 0.4, max: 1 },
      parsedAnswers: 20,
      distrust: null,
    },
    timeline: Array.from({ length: 8 }, (_, i) => ({
      atMs: i * 250,
      durationMs: 250,
      started: 10,
      ok: 10,
      failed: 0,
      p50Ms: 1,
      p99Ms: 2,
      maxMs: 3,
      inFlight: 4,
    })),
    littlesLaw: { meanInFlight: 4, throughputTimesLatency: 4, gap: 0, holds: true },
    ...some,
  };
}

export function benchEvidence(some: Partial<BenchEvidence> = {}): BenchEvidence {
  return {
    placement: {
      cores: 4,
      driverCores: '3',
      targetCores: '0,1,2',
      described: 'driver on core 3, target on cores 0,1,2',
    },
    weights: { search: 1 },
    leftOut: [],
    warmUp: { calls: 500, durationMs: 1000, steady: true },
    blocks: [
      block([
        subjectFigures(
          'search',
          Array.from({ length: 2000 }, (_, i) => 1 + i / 1000),
        ),
      ]),
    ],
    capacity: null,
    adversarial: null,
    samples: [
      {
        subject: { name: 'search', kind: 'tool' },
        method: 'tools/call',
        params: { name: 'search', arguments: { query: '</script>' } },
        times: 1,
      },
    ],
    ...some,
  };
}

/** A bundle of `mettle bench` against a server over HTTP. */
export function benchBundle(bench: BenchEvidence): Bundle {
  return {
    manifest: {
      schema: 'mettle/bundle@1',
      mettle: '0.1.0',
      node: 'v20.20.2',
      examination: 'bench',
      command: 'mettle bench --http http://localhost:3000/mcp',
      startedAt: '2026-11-22T10:00:00.000Z',
      durationMs: 4000,
      present: ['bench', 'target'],
      absent: {},
      notes: [],
    },
    evidence: {
      bench,
      target: {
        kind: 'http',
        command: null,
        url: 'http://localhost:3000/mcp',
        cwd: '/srv/app',
        targetArguments: '--http http://localhost:3000/mcp',
        node: null,
        server: { name: 'shop', version: '1.2.3' },
        protocolVersion: '2025-11-25',
        era: '2025',
        capabilities: {},
        sdk: null,
        agent: { attached: false, why: 'not ours' },
        machine: { cores: 4, platform: 'linux', loadAverage1m: 0, node: 'v20.20.2' },
      },
    },
  };
}
