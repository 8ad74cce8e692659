import { describe, expect, test } from 'vitest';
import { serverTime, toolTimes } from '../../src/derive/kind-of-slow.ts';
import type { EvidenceMap, SubjectWaits, ToolTime, WaitKind } from '../../src/evidence/index.ts';
import { CHILD_PROCESS } from '../builders/frames.ts';
import { server } from '../builders/server.ts';
import type { ServerBuilder } from '../builders/server.ts';

type Wait = readonly [kind: WaitKind, what: string | null, ms: number];

/** Calls of a tool as they were traced, ms per call. */
function traced(name: string, waits: readonly Wait[], hostDelayMs = 0): SubjectWaits {
  const calls = 4;
  const waitedMs = waits.reduce((sum, [, , ms]) => sum + ms, 0);
  return {
    name,
    calls,
    wallMs: calls * (waitedMs + hostDelayMs),
    onThreadMs: 0,
    hostDelayMs: calls * hostDelayMs,
    waits: waits.map(([kind, what, ms]) => ({ kind, what, ms: calls * ms })),
  };
}

function evidenceOf(
  told: ServerBuilder,
  alone: readonly SubjectWaits[],
  together: readonly SubjectWaits[] = [],
): EvidenceMap {
  const threadPool = { threads: 4, maxJobs: 8 };
  return {
    ...told.evidence(),
    waiting: {
      alone: { threadPool, subjects: alone },
      together: { threadPool, subjects: together, inFlight: 8 },
    },
  };
}

function timeOf(evidence: EvidenceMap, name: string): ToolTime {
  const time = toolTimes(evidence).get(name);
  if (time === undefined) throw new Error(`nothing is known of ${name}`);
  return time;
}

describe('what kind of slow a tool is', () => {
  test('waiting, with what for and its share, though its profile is flat', () => {
    const told = server().tool('find').called(40).alone({ p50: 43, cpuMs: 1 });
    const time = timeOf(
      evidenceOf(told, [
        traced('find', [
          ['socket', '127.0.0.1:5432', 39],
          ['timer', null, 2],
        ]),
      ]),
      'find',
    );
    expect(time).toMatchObject({ kind: 'waiting', cpuMs: 1, waitingMs: 41 });
    expect(time.waitsFor[0]).toMatchObject({ kind: 'socket', what: '127.0.0.1:5432', ms: 39 });
    expect(time.waitsFor[0]?.share).toBeCloseTo(39 / 42);
  });

  test('CPU-bound, by the CPU of calls without an instrument', () => {
    const told = server().tool('hash').called(40).blocks(50).alone({ p50: 51, cpuMs: 50 });
    expect(timeOf(evidenceOf(told, [traced('hash', [['file', null, 1]])]), 'hash').kind).toBe('cpu-bound');
  });

  test('blocked event loop, where a synchronous call waits', () => {
    const told = server()
      .tool('export')
      .called(10)
      .blocks(2, { waitMs: 100, stack: CHILD_PROCESS })
      .alone({ p50: 103, cpuMs: 2 });
    expect(timeOf(evidenceOf(told, [traced('export', [])]), 'export')).toMatchObject({
      kind: 'blocked-event-loop',
      blockedMs: 100,
    });
  });

  test('GC-bound, where the collector takes a third of the main thread', () => {
    const told = server().tool('churn').called(10).alone({ p50: 31, cpuMs: 30 });
    const evidence = evidenceOf(told, [traced('churn', [])]);
    const collecting = (gcMs: number): EvidenceMap => ({
      ...evidence,
      blocking: {
        ...evidence.blocking,
        subjects: [{ name: 'churn', calls: 10, cpuMs: 300, onThreadMs: 300, gcMs, longestStretchesMs: [] }],
      },
    });
    expect(timeOf(collecting(120), 'churn')).toMatchObject({ kind: 'gc-bound', gcMs: 12, cpuMs: 18 });
    expect(timeOf(collecting(80), 'churn').kind).toBe('cpu-bound');
  });

  test('host starved, where the host had the thread stand in its queue for more than half of the time', () => {
    const told = server().tool('find').called(10).alone({ p50: 12, cpuMs: 1 });
    const starved = evidenceOf(told, [traced('find', [['socket', 'db:5432', 9]], 11)]);
    expect(timeOf(starved, 'find').kind).toBe('host-starved');
    const disturbed = evidenceOf(told, [traced('find', [['socket', 'db:5432', 9]], 9)]);
    expect(timeOf(disturbed, 'find').kind).toBe('waiting');
  });

  test('another kind when its calls come together: behind a lock, for a thread, behind each other on the loop', () => {
    const told = server().tool('save').called(10).alone({ p50: 11, cpuMs: 1 });
    const alone = [traced('save', [['timer', null, 10]])];
    const kindTogether = (...waits: Wait[]): ToolTime['together'] =>
      timeOf(evidenceOf(told, alone, [traced('save', waits)]), 'save').together;
    expect(kindTogether(['lock', null, 35], ['timer', null, 10])).toMatchObject({
      kind: 'waiting',
      waitsFor: [{ kind: 'lock' }, { kind: 'timer' }],
    });
    expect(kindTogether(['thread-pool-queue', null, 35])).toMatchObject({ kind: 'waiting', poolThreads: 4 });
    expect(kindTogether(['event-loop', null, 35], ['timer', null, 10])?.kind).toBe('blocked-event-loop');
  });

  test('untraced, waiting by what its latency leaves, for what nobody saw', () => {
    const told = server().tool('slow').called(10).alone({ p50: 4000, cpuMs: 1 });
    const time = timeOf(evidenceOf(told, []), 'slow');
    expect(time.kind).toBe('waiting');
    expect(time.waitsFor).toEqual([{ kind: 'other', what: null, ms: 3999, share: 3999 / 4000 }]);
  });

  test('untraced on a starved host, what is known of its delays is no waiting', () => {
    const told = server()
      .tool('slow')
      .called(10)
      .alone({ p50: 100, cpuMs: 30, slowest: [{ latencyMs: 110, hostDelayMs: 65 }] });
    expect(timeOf(evidenceOf(told, []), 'slow')).toMatchObject({ kind: 'host-starved', waitingMs: 5 });
  });

  test('unknown, where nobody looked inside', () => {
    const evidence = server().tool('far').alone({ p50: 40, cpuMs: null }).evidence(['blocking']);
    expect(toolTimes(evidence).size).toBe(0);
    expect(serverTime(evidence)).toBeNull();
  });
});

test('the whole server is the mean of its tools, as often as they are called', () => {
  const told = server()
    .tool('find')
    .called(10)
    .alone({ p50: 40, cpuMs: 1 })
    .tool('hash')
    .called(10)
    .alone({ p50: 51, cpuMs: 50 });
  const evidence = evidenceOf(told, [
    traced('find', [['socket', 'db:5432', 39]]),
    traced('hash', [['socket', 'db:5432', 1]]),
  ]);
  expect(serverTime(evidence)).toMatchObject({ kind: 'cpu-bound', tools: 2, cpuMs: 25.5, waitingMs: 20 });
  const weights = { find: 9, hash: 1 };
  const often = { ...evidence, mixedLatency: { ...evidence.mixedLatency, weights } };
  expect(serverTime(often)).toMatchObject({ kind: 'waiting', waitsFor: [{ what: 'db:5432' }] });
});
