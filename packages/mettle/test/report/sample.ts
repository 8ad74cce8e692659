import type {
  Batch,
  BlockingEvidence,
  Bundle,
  ConcurrencyEvidence,
  Exhibit,
  Finding,
  Result,
  Stretch,
} from '../../src/evidence/index.ts';
import { bundle, finding, found, frame, latencyRecord, passedOver, result, toolResult } from './builders.ts';

/*
 * One sick server as a whole run sees it, with every kind of exhibit: for the golden texts, and to
 * look at in a browser. The figures are made up but hang together.
 */

/** A small generator with a fixed seed: pictures need spread, golden texts need sameness. */
function spread(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

function latencies(
  typicalMs: number,
  tailMs: number,
  tailShare: number,
  count: number,
  seed: number,
): number[] {
  const next = spread(seed);
  return Array.from({ length: count }, () => {
    const jitter = Math.exp((next() + next() + next() - 1.5) * 0.5);
    return (next() < tailShare ? tailMs : typicalMs) * jitter;
  });
}

const app = '/srv/app/src';
export const SOURCE = `import { pbkdf2Sync } from 'node:crypto';

/** Derives the key of a user. */
export function deriveKey(password: string, salt: string): Buffer {
  const rounds = 100_000;
  return pbkdf2Sync(password, salt, rounds, 64, 'sha512');
}

export function describeKey(key: Buffer): string {
  return key.toString('hex').slice(0, 12);
}
`;

const hashStack: Exhibit = {
  kind: 'stack',
  title: 'Who held the event loop: 412 of 430 samples',
  frames: [
    frame('run', '', 0, 0),
    frame('pbkdf2Sync', 'node:internal/crypto/pbkdf2', 62, 20),
    frame('deriveKey', `${app}/crypto/derive-key.ts`, 6, 10),
    frame('handler', `${app}/tools/hash.ts`, 31, 18),
    frame(
      'executeToolHandler',
      '/srv/app/node_modules/@modelcontextprotocol/sdk/dist/esm/server/mcp.js',
      231,
      30,
    ),
    frame('wrapped', '/srv/app/node_modules/@modelcontextprotocol/sdk/dist/esm/shared/protocol.js', 411, 12),
    frame('processTicksAndRejections', 'node:internal/process/task_queues', 105, 5),
  ],
};

const blocked = finding({
  severity: 'critical',
  confidence: 'reproduced',
  fingerprint: 'a1',
  title: 'hash holds the event loop for 48.3 ms in every call: no other call is answered meanwhile',
  location: { file: `${app}/crypto/derive-key.ts`, line: 6, column: 10, function: 'deriveKey' },
  evidence: [
    hashStack,
    {
      kind: 'series',
      title: 'Longest stop in each call, sorted',
      xLabel: 'call',
      yLabel: 'ms',
      series: [
        {
          name: 'hash',
          points: Array.from({ length: 200 }, (_, i): [number, number] => [
            i + 1,
            52.1 - Math.sqrt(i) * 0.45,
          ]),
        },
        {
          name: 'search',
          points: Array.from({ length: 200 }, (_, i): [number, number] => [i + 1, 3.2 / (1 + i * 0.05)]),
        },
      ],
    },
  ],
});

const serialised = finding({
  id: 'serialised-by-cpu',
  fingerprint: 'a2',
  title:
    '8 calls of hash at once take 7.9 times as long as one: they run one after another on the main thread',
  ...(blocked.location === undefined ? {} : { location: blocked.location }),
  evidence: [
    {
      kind: 'table',
      title: 'Batches beside a lone call',
      columns: ['Calls in flight', 'Makespan, ms', 'Times a lone call', 'Main thread busy'],
      rows: [
        [1, 48.9, 1, '99 %'],
        [2, 97.2, 1.99, '99 %'],
        [8, 386.4, 7.9, '99 %'],
      ],
    },
  ],
  cost: { value: 337.5, unit: 'ms of waiting', per: 'call' },
  verify: {
    command: 'mettle race --tool hash -- node server.js',
    expect: '8 calls take less than 3 times as long as one',
  },
});

const locked = finding({
  id: 'serialised-by-lock',
  fingerprint: 'b1',
  severity: 'high',
  tool: 'append_note',
  title:
    'append_note runs one call at a time: 8 calls take 7.6 times as long as one, with the main thread idle',
  location: { file: `${app}/store/write-queue.ts`, line: 44, column: 5, function: 'runExclusive' },
  evidence: [
    {
      kind: 'interleaving',
      title: 'Two of the calls: B waits for what A holds',
      lanes: ['call A', 'call B', 'call C'],
      steps: [
        { lane: 0, text: 'acquires write-queue.ts:44' },
        { lane: 1, text: 'waits at write-queue.ts:41' },
        { lane: 2, text: 'waits at write-queue.ts:41' },
        { lane: 0, text: 'writeFile notes.json, 38 ms' },
        { lane: 0, text: 'releases' },
        { lane: 1, text: 'writeFile notes.json, 37 ms' },
      ],
    },
  ],
  cost: { value: 264, unit: 'ms of waiting', per: 'call' },
  fix: 'One lock guards every note. Lock by note with exclusive(key) of @mettle/runtime, so that only calls for the same note wait for each other.',
  verify: {
    command:
      'mettle race --tool append_note --allow-writes --env NOTES_DIR=./fixtures/notes -- node --enable-source-maps dist/server.js',
    expect: '8 calls take less than 3 times as long as one',
  },
});

const leaking = finding({
  id: 'listener-leak',
  fingerprint: 'c1',
  severity: 'medium',
  confidence: 'suspected',
  tool: 'subscribe',
  title: 'subscribe keeps 4.2 KiB per call: a listener is added to the bus and never removed',
  location: { file: `${app}/tools/subscribe.ts`, line: 18, column: 7 },
  evidence: [
    {
      kind: 'retaining-path',
      title: 'What keeps a call’s memory alive',
      steps: [
        '(global)',
        'module bus.ts: bus: EventEmitter',
        '_events: Object',
        'change: Array(1204)',
        '[1203]: closure onChange (subscribe.ts:18)',
        'context: { session, buffer: Uint8Array(4096) }',
      ],
    },
  ],
  cost: { value: 4300, unit: 'bytes', per: 'call' },
  fix: 'Remove the listener when the session ends, or pass { signal } to events.on.',
  verify: { command: 'mettle leak --tool subscribe -- node server.js', expect: 'under 100 bytes per call' },
});

const polluted: Finding = {
  id: 'stdout-pollution',
  fingerprint: 'd1',
  severity: 'low',
  confidence: 'reproduced',
  title: '3 of 2,412 lines on stdout are not JSON-RPC: strict clients close the connection',
  evidence: [
    {
      kind: 'transcript',
      title: 'Lines that are not JSON-RPC',
      lines: [
        '[during startup] general-sick listening',
        '[during hash] warn: slow key derivation (48 ms)',
        '[during search] <script>alert(1)</script>',
      ],
    },
  ],
  cost: { value: 3, unit: 'lines', per: 'run' },
  fix: 'Write logs to stderr: console.error, or a logger with stderr as its destination.',
  verify: { command: 'mettle probe -- node server.js', expect: 'no line that is not JSON-RPC' },
};

const skippedWhy =
  'Nothing to compare with: save a baseline with mettle bench --save, then give --baseline FILE.';

export const sampleResult: Result = result(
  {
    findings: [serialised, blocked, locked, polluted, leaking],
    tools: [
      toolResult(),
      toolResult({
        name: 'search',
        latencyMs: { p50: 1.24, p95: 1.92, p99: 47.3, max: 52.6 },
        cpuMsPerCall: 0.86,
        maxBlockMs: 3.1,
        overlap: 7.8,
      }),
      toolResult({
        name: 'append_note',
        calls: 240,
        latencyMs: { p50: 38.2, p95: 41.9, p99: 44, max: 61 },
        cpuMsPerCall: 0.4,
        maxBlockMs: 1.2,
        overlap: 1.05,
      }),
      toolResult({
        name: 'subscribe',
        calls: 1200,
        latencyMs: { p50: 0.61, p95: 0.98, p99: 1.4, max: 6.2 },
        cpuMsPerCall: 0.31,
        maxBlockMs: 0.9,
        retainedBytesPerCall: 4300,
        overlap: 8,
      }),
      toolResult({
        name: 'lookup',
        calls: 40,
        errors: 40,
        latencyMs: null,
        cpuMsPerCall: null,
        maxBlockMs: null,
        overlap: null,
        reason: 'not measured: every call failed, first error "unknown id 1"',
      }),
      toolResult({
        name: 'tools/list',
        kind: 'method',
        calls: 500,
        latencyMs: { p50: 0.42, p95: 0.6, p99: 0.91, max: 2.2 },
        cpuMsPerCall: 0.2,
        maxBlockMs: 0.6,
        overlap: null,
      }),
      passedOver('delete_note', 'destructiveHint: true, name it with --tool'),
      ...['create_note', 'move_note', 'rename_note', 'tag_note'].map((name) =>
        passedOver(name, 'not marked read-only; give --allow-writes or a workload'),
      ),
    ],
    notes: [
      'The machine was busy (load 3.1 on 2 cores): wall-clock figures are upper bounds; verdicts rest on CPU time and paired ratios.',
    ],
  },
  {
    cpu: found(blocked),
    latency: {
      status: 'clear',
      looked: '5 tools, 3,980 calls; the worst p99 is explained by the finding under CPU',
    },
    leak: found(leaking),
    serialisation: found(serialised, locked),
    race: {
      status: 'skipped',
      why: 'No tool that writes may be called: give --allow-writes and a working copy to write to.',
    },
    overload: {
      status: 'failed',
      error: { message: 'the server did not answer the first call of the overload stage within 30 s' },
    },
    protocol: found(polluted),
    regression: { status: 'skipped', why: skippedWhy },
  },
);

function batch(inFlight: number, makespanMs: number): Batch {
  return {
    inFlight,
    makespanMs,
    completionsMs: [makespanMs],
    errors: 0,
    mainCpuMs: null,
    processCpuMs: null,
    hostDelayMs: null,
  };
}

function rounds(
  name: string,
  soloMs: number,
  ratio: (inFlight: number) => number,
  seed: number,
): ConcurrencyEvidence['subjects'][number] {
  const next = spread(seed);
  const noise = (): number => 0.9 + next() * 0.25;
  return {
    subject: { name, kind: 'tool' },
    rounds: Array.from({ length: 7 }, () => ({
      solo: batch(1, soloMs * noise()),
      batches: [2, 4, 8].map((n) => batch(n, soloMs * ratio(n) * noise())),
    })),
  };
}

function stretches(): Stretch[] {
  const next = spread(5);
  const made = Array.from({ length: 220 }, (_, i): Stretch => {
    const subject = next() < 0.5 ? 'hash' : next() < 0.6 ? 'search' : next() < 0.7 ? 'append_note' : null;
    const wallMs = subject === 'hash' ? 46 + next() * 8 : 5 + next() * next() * (subject === null ? 40 : 9);
    const delayed = next() < 0.06;
    return {
      subject,
      call: i,
      startedAtMs: 90_000 + next() * 17_900,
      wallMs,
      cpuMs: delayed ? 1 : wallMs * 0.97,
      hostDelayMs: delayed ? wallMs - 1 : 0.2,
      gcMs: 0,
      stack: [],
      stackShare: 0,
    };
  });
  return made.toSorted((a, b) => b.wallMs - a.wallMs);
}

/** The strips and rounds of the sample, for tests that need more of the same. */
export const sampleRounds = rounds('search', 1.24, (n) => 1 + n * 0.02, 11).rounds;
export const sampleBlocking: BlockingEvidence = {
  subjects: [],
  unattributed: { cpuMs: 310, onThreadMs: 330 },
  thresholdMs: 5,
  stretches: stretches(),
  droppedStretches: 34,
  observedMs: 18_000,
  cpuClock: 'schedstat',
  driverCalls: [{ subject: 'hash', sentAtMs: 90_000, receivedAtMs: 90_050, ok: true }],
};

export const sampleBundle: Bundle = bundle({
  target: {
    kind: 'stdio',
    command: ['node', 'server.js'],
    url: null,
    cwd: '/srv/app',
    targetArguments: '-- node server.js',
    node: 'v24.21.0',
    server: { name: 'general-sick', version: '1.0.0' },
    protocolVersion: '2025-11-25',
    era: '2025',
    capabilities: {},
    sdk: { name: '@modelcontextprotocol/sdk', version: '1.32.2' },
    agent: { attached: true, pid: 4711, node: 'v24.21.0', instruments: ['profiler'] },
    machine: { cores: 2, platform: 'linux', loadAverage1m: 3.1, node: 'v20.20.2' },
  },
  latency: {
    subjects: [
      latencyRecord('hash', latencies(48.9, 70, 0.01, 600, 1)),
      latencyRecord('search', latencies(1.24, 2.5, 0.03, 1500, 2)),
      latencyRecord('append_note', latencies(38.2, 60, 0.02, 240, 3)),
      latencyRecord('subscribe', latencies(0.61, 4, 0.01, 1200, 4)),
      latencyRecord('tools/list', latencies(0.42, 1, 0.02, 500, 5)),
    ],
  },
  mixedLatency: {
    inFlight: 8,
    durationMs: 12_000,
    weights: {},
    subjects: [
      latencyRecord('hash', latencies(102, 180, 0.1, 300, 6)),
      latencyRecord('search', latencies(2.2, 51, 0.22, 900, 7)),
      latencyRecord('append_note', latencies(92, 160, 0.2, 240, 8)),
      latencyRecord('subscribe', latencies(1.3, 50, 0.2, 900, 9)),
    ],
  },
  concurrency: {
    subjects: [
      { subject: { name: 'search', kind: 'tool' }, rounds: sampleRounds },
      rounds('hash', 48.9, (n) => n * 0.985, 12),
      rounds('append_note', 38.2, (n) => n * 0.95, 13),
      rounds('subscribe', 0.61, (n) => 1 + n * 0.16, 14),
    ],
  },
  blocking: sampleBlocking,
});
