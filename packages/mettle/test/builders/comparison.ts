import type {
  ComparedPair,
  ComparisonEvidence,
  PairedFigures,
  SideFigures,
} from '../../src/evidence/index.ts';
import { seededRandom } from '../../src/stats/index.ts';

/** How a subject of the candidate differs, and how much pairs scatter. Ratios, candidate over baseline. */
export interface ComparedSubject {
  readonly name?: string;
  readonly latency?: number;
  readonly cpu?: number;
  readonly throughput?: number;
  readonly p99?: number;
  /** Points more of the calls over the tail's mark: 0.02 is two in a hundred. */
  readonly tail?: number;
  /** Standard deviation of the logarithm of every ratio. */
  readonly scatter?: number;
}

export interface ComparedDetails {
  readonly pairs?: number;
  readonly memory?: number;
  readonly seed?: number;
  readonly ended?: ComparisonEvidence['ended'];
  readonly latencyMs?: number;
}

const CALLS = 500;

/** A comparison told in ratios: `comparison({ latency: 1.2 })`. */
export function comparison(
  subjects: ComparedSubject | readonly ComparedSubject[],
  { pairs = 12, memory = 1, seed = 1, ended = 'budget', latencyMs = 2 }: ComparedDetails = {},
): ComparisonEvidence {
  const random = seededRandom(seed);
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  const told = Array.isArray(subjects)
    ? (subjects as readonly ComparedSubject[])
    : [subjects as ComparedSubject];
  const list = Array.from({ length: pairs }, (_, i): ComparedPair => ({
    startedAtMs: i * 5000,
    durationMs: 5000,
    share: (i + 1) / pairs,
    subjects: told.map((subject) => pairOf(subject, latencyMs, normal)),
    rssBytes: { baseline: 100e6, candidate: 100e6 * memory * Math.exp(0.01 * normal()) },
  }));
  const side = { command: ['node', 'server.js'], cwd: '/srv/shop', node: null, server: null };
  return {
    method: 'interleaved',
    baseline: { ...side, label: 'git:main (1a2b3c4d)', cwd: '/tmp/main' },
    candidate: { ...side, label: 'the server as it stands' },
    caveats: [],
    pairs: list,
    savedPairs: null,
    tolerance: 0.05,
    ended,
    profiles: null,
  };
}

function pairOf(
  { name = 'search', latency = 1, cpu = 1, throughput = 1, p99, tail = 0, scatter = 0.015 }: ComparedSubject,
  latencyMs: number,
  normal: () => number,
): PairedFigures {
  const log = (ratio: number, wider = 1): number => Math.log(ratio) + wider * scatter * normal();
  const side = (factor: number, over: number): SideFigures => ({
    calls: CALLS,
    errors: 0,
    firstError: null,
    latencyMs: {
      p50: latencyMs * factor,
      p95: 2 * latencyMs * factor,
      p99: 3 * latencyMs * factor,
      max: 9 * latencyMs * factor,
      mean: 1.1 * latencyMs * factor,
    },
    timedCalls: CALLS,
    mainCpuMsPerCall: 1,
    throughputPerSecond: 900,
    overMark: Math.max(0, Math.round(CALLS * over)),
  });
  const noise = (): number => 0.01 + 0.003 * normal();
  return {
    subject: { name, kind: name.includes('/') ? 'method' : 'tool' },
    baseline: side(1, noise()),
    candidate: side(latency, noise() + tail),
    turns: CALLS / 5,
    starved: false,
    logRatio: {
      latency: log(latency),
      cpu: log(cpu),
      throughput: log(throughput, 3),
      p50: log(latency),
      p95: log(latency, 3),
      p99: log(p99 ?? latency, 5),
    },
    standardError: { latency: scatter / 2, cpu: scatter / 2 },
    tailMarkMs: 4 * latencyMs,
  };
}
