import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BlockingRecord } from '../../src/agent/protocol.ts';
import { fixture, launch } from './target.ts';

const BURN_CPU_MS = 60;
const options = { samplingIntervalUs: 1_000, sliceThresholdMs: 4, maxSlices: 1_000 };

async function record(
  args: readonly string[],
  tools: readonly string[],
): Promise<BlockingRecord & { readonly sdkName: string | null }> {
  const target = await launch(args);
  try {
    await target.call('noop');
    await target.agent.start('blocking', options);
    for (const tool of tools) await target.call(tool);
    const blocking = await target.agent.stop('blocking');
    expect(target.stderr().replace(/port \d+\n/, '')).toBe('');
    expect(target.stdoutLines.filter((line) => !line.startsWith('{'))).toEqual([]);
    return { ...blocking, sdkName: target.agent.sdk?.name ?? null };
  } finally {
    await target.stop();
  }
}

interface Sums {
  readonly calls: number;
  readonly cpuMs: number;
  readonly onThreadMs: number;
}
function sumsOf(blocking: BlockingRecord, subject: string): Sums {
  const i = blocking.subjects.indexOf(subject);
  return {
    calls: blocking.calls[i] ?? 0,
    // The tool burns by its thread's clock, which counts what looking costs as well.
    cpuMs: (blocking.cpuMs[i] ?? 0) + (blocking.ownCpuMs[i] ?? 0),
    onThreadMs: blocking.onThreadMs[i] ?? 0,
  };
}
interface SliceOf {
  readonly call: number;
  readonly wallMs: number;
  readonly cpuMs: number;
  readonly hostDelayMs: number;
  readonly startedAtMs: number;
}
function slicesOf(blocking: BlockingRecord, subject: string): SliceOf[] {
  const { slices, subjects } = blocking;
  return slices.subject.flatMap((index, i) =>
    subjects[index] === subject
      ? [
          {
            call: slices.call[i] ?? 0,
            wallMs: slices.wallMs[i] ?? 0,
            cpuMs: slices.cpuMs[i] ?? 0,
            hostDelayMs: slices.hostDelayMs[i] ?? 0,
            startedAtMs: slices.startedAtMs[i] ?? 0,
          },
        ]
      : [],
  );
}

let bundles = '';
beforeAll(async () => {
  bundles = await mkdtemp(join(tmpdir(), 'mettle-test-'));
  const bundle = await rolldown({ input: fixture('stdio-v1.mjs'), platform: 'node' });
  await bundle.write({ file: join(bundles, 'v1.mjs'), format: 'esm', minify: true, codeSplitting: false });
  await bundle.close();
  const second = await rolldown({ input: fixture('stdio-v2-main.mjs'), platform: 'node' });
  await second.write({ file: join(bundles, 'v2.cjs'), format: 'cjs', minify: true, codeSplitting: false });
  await second.close();
});
afterAll(() => rm(bundles, { recursive: true, force: true }));

const WAYS = [
  ['SDK v1 on stdio', ['stdio-v1.mjs'], '@modelcontextprotocol/sdk'],
  ['SDK v2 on stdio', ['stdio-v2.mjs'], '@modelcontextprotocol/server'],
  ['a low-level server in CommonJS', ['stdio-low-level.cjs'], '@modelcontextprotocol/sdk'],
  ['a hand-written server that iterates lines', ['stdio-lines.mjs'], null],
  ['a hand-written server that listens to lines', ['stdio-events.mjs'], null],
  ['SDK v1 over HTTP with sessions', ['http-v1.mjs', 'stateful'], '@modelcontextprotocol/sdk'],
  ['SDK v1 over HTTP, a server per request', ['http-v1.mjs', 'stateless'], '@modelcontextprotocol/sdk'],
  ['SDK v2 createMcpHandler', ['http-v2.mjs'], '@modelcontextprotocol/server'],
  [
    'SDK v1 with a transport that reads the descriptor itself',
    ['stdio-own-transport.mjs'],
    '@modelcontextprotocol/sdk',
  ],
  ['a minified bundle of SDK v1', ['v1.mjs'], '@modelcontextprotocol/sdk (bundled)'],
  ['a minified CommonJS bundle of SDK v2', ['v2.cjs'], '@modelcontextprotocol/server (bundled)'],
] as const;
/** `npm run smoke` tries every way in which servers are written; `npm test` has time for those furthest from each other. */
const atLeisure = process.env['METTLE_SMOKE'] === 'all';
const FURTHEST_APART = [
  'SDK v1 on stdio',
  'a hand-written server that listens to lines',
  'SDK v1 over HTTP, a server per request',
  'SDK v2 createMcpHandler',
  'a minified CommonJS bundle of SDK v2',
];

describe('the blocking instrument', () => {
  it.for(WAYS.filter(([way]) => atLeisure || FURTHEST_APART.includes(way)))(
    'charges CPU to the tool that used it: %s',
    async ([, [file, ...args], sdk]) => {
      const path = file === 'v1.mjs' || file === 'v2.cjs' ? join(bundles, file) : fixture(file);
      const blocking = await record([path, ...args], ['noop', 'burn', 'noop', 'burn', 'noop', 'burn']);
      const burn = sumsOf(blocking, 'burn');
      expect(blocking.sdkName).toBe(sdk);
      expect(burn.calls).toBe(3);
      expect(sumsOf(blocking, 'noop').calls).toBe(3);
      expect(burn.cpuMs).toBeGreaterThan(0.95 * 3 * BURN_CPU_MS);
      // The tool's own time, and the SDK's around it.
      const longestBurnMs = Math.max(...slicesOf(blocking, 'burn').map(({ cpuMs }) => cpuMs));
      expect(burn.cpuMs - longestBurnMs).toBeLessThan(1.5 * 2 * BURN_CPU_MS);
      // A host that takes the core away within a call is charged to that call by the kernel's clock as well (166 ms
      // once): that is one call, while a call charged for another would show in each of the three.
      const longestNoopMs = Math.max(0, ...slicesOf(blocking, 'noop').map(({ cpuMs }) => cpuMs));
      expect(sumsOf(blocking, 'noop').cpuMs - longestNoopMs).toBeLessThan(0.4 * burn.cpuMs);
      expect(slicesOf(blocking, 'burn').filter(({ cpuMs }) => cpuMs > 0.95 * BURN_CPU_MS)).toHaveLength(3);
    },
  );

  it('takes a chain of awaits that never lets the loop turn for one slice, and turns of the loop for many', async () => {
    const blocking = await record([fixture('stdio-v1.mjs')], ['chain', 'turns']);
    const chain = Math.max(...slicesOf(blocking, 'chain').map(({ wallMs }) => wallMs));
    expect(chain).toBeGreaterThanOrEqual(95);
    const turns = slicesOf(blocking, 'turns');
    expect(turns.length).toBeGreaterThanOrEqual(10);
    // Ten times 5 ms: merged over turns of the loop, one slice would hold nearly all of it.
    const total = turns.reduce((sum, { wallMs }) => sum + wallMs, 0);
    expect(turns.filter(({ wallMs }) => wallMs > 0.9 * total)).toEqual([]);
  });

  it('shows a synchronous wait as time without CPU, and not as the host’s doing', async () => {
    const blocking = await record([fixture('stdio-v1.mjs')], ['child']);
    const [slice] = slicesOf(blocking, 'child').toSorted((a, b) => b.wallMs - a.wallMs);
    expect(slice?.wallMs).toBeGreaterThan(100);
    expect(slice?.cpuMs).toBeLessThan(0.5 * (slice?.wallMs ?? 0));
    if (blocking.cpuClock === 'schedstat')
      expect(slice?.hostDelayMs).toBeLessThan(0.5 * (slice?.wallMs ?? 0));
  });

  it('charges work that runs after the reply to the call that started it', async () => {
    const blocking = await record([fixture('stdio-v1.mjs')], ['late', 'afterLate']);
    expect(sumsOf(blocking, 'late').cpuMs).toBeGreaterThan(28);
  });

  it('puts garbage collection, profile and slices on the machine’s clock', async () => {
    const before = Number(process.hrtime.bigint()) / 1e6;
    const blocking = await record([fixture('stdio-v1.mjs')], ['garbage', 'burn']);
    const after = Number(process.hrtime.bigint()) / 1e6;
    const { profile, profileOffsetUs } = blocking;
    const sampledFrom = (profile.startTime + profileOffsetUs) / 1e3;
    const sampledTo = (profile.endTime + profileOffsetUs) / 1e3;
    for (const time of [
      ...blocking.gc.startedAtMs,
      blocking.startedAtMs,
      sampledFrom,
      sampledTo,
      ...blocking.slices.startedAtMs,
    ]) {
      expect(time).toBeGreaterThan(before);
      expect(time).toBeLessThan(after);
    }
    expect(blocking.gc.durationMs.length).toBeGreaterThan(0);
    expect(profile.samples).toHaveLength(profile.timeDeltas.length);
    // The samples within burn's slice are in the function that burns.
    const burn = slicesOf(blocking, 'burn').find(({ cpuMs }) => cpuMs > 0.95 * BURN_CPU_MS);
    const burning = new Set<number>();
    // (garbage collector) and (program): V8 hangs them under the root.
    const frameless = new Set(
      profile.nodes.filter(({ callFrame }) => callFrame.functionName.startsWith('(')).map(({ id }) => id),
    );
    const enter = (id: number, within: boolean): void => {
      const node = profile.nodes.find((one) => one.id === id);
      const inside = within || node?.callFrame.functionName === 'spinCpu';
      if (inside) burning.add(id);
      for (const child of node?.children ?? []) enter(child, inside);
    };
    enter(profile.nodes[0]?.id ?? 0, false);
    let at = sampledFrom;
    const inside = profile.samples.filter((_, i) => {
      at += (profile.timeDeltas[i] ?? 0) / 1e3;
      return (
        burn !== undefined &&
        at > burn.startedAtMs &&
        at < burn.startedAtMs + burn.wallMs &&
        !frameless.has(profile.samples[i] ?? 0)
      );
    });
    expect(inside.length).toBeGreaterThan(10);
    expect(inside.filter((id) => burning.has(id)).length).toBeGreaterThan(0.8 * inside.length);
  });

  it('keeps no more slices than asked, and counts the others', async () => {
    const target = await launch([fixture('stdio-v1.mjs')]);
    await target.agent.start('blocking', { ...options, maxSlices: 3 });
    await target.call('turns');
    const blocking = await target.agent.stop('blocking');
    await target.stop();
    expect(blocking.slices.wallMs).toHaveLength(3);
    expect(blocking.droppedSlices).toBeGreaterThan(0);
  });

  it('can be started again, counting from nothing', async () => {
    const target = await launch([fixture('stdio-v1.mjs')]);
    for (let i = 0; i < 2; i++) {
      await target.agent.start('blocking', options);
      await target.call('burn');
      const blocking = await target.agent.stop('blocking');
      expect(sumsOf(blocking, 'burn').calls).toBe(1);
      expect(sumsOf(blocking, 'burn').cpuMs).toBeGreaterThan(0.95 * BURN_CPU_MS);
    }
    await target.stop();
  });

  it('measures what following callbacks costs in this very process, and takes it off', async () => {
    const target = await launch([fixture('stdio-v1.mjs')]);
    await target.agent.start('blocking', options);
    await target.call('burn');
    const blocking = await target.agent.stop('blocking');
    await target.stop();
    // Node's hooks cost 0.2 µs a callback at their cheapest, some µs at their dearest; a starved host adds to that.
    expect(blocking.callbackCostUs).toBeGreaterThan(0.02);
    expect(blocking.callbackCostUs).toBeLessThan(50);
    const i = blocking.subjects.indexOf('burn');
    // A call has a dozen callbacks or more.
    expect(blocking.ownCpuMs[i]).toBeGreaterThan((5 * blocking.callbackCostUs) / 1000);
    expect(blocking.ownCpuMs[i]).toBeLessThan(0.1 * BURN_CPU_MS);
  });

  it('measures what a sample of the profiler costs once enough were taken, and takes that off too', async () => {
    const target = await launch([fixture('stdio-v1.mjs')]);
    await target.agent.start('blocking', options);
    for (let i = 0; i < 5; i++) await target.call('burn');
    const blocking = await target.agent.stop('blocking');
    await target.stop();
    // V8 stops the thread and walks its stack: some µs to some tens of µs, and a starved host adds to that.
    expect(blocking.sampleCostUs).toBeGreaterThanOrEqual(0);
    expect(blocking.sampleCostUs).toBeLessThanOrEqual(60);
    const i = blocking.subjects.indexOf('burn');
    // Nearly all samples fell into the tool, none more than there are.
    const samplesMs = (blocking.profile.samples.length * blocking.sampleCostUs) / 1000;
    const callbacksMs = 5 * 100 * (blocking.callbackCostUs / 1000);
    expect(blocking.ownCpuMs[i]).toBeGreaterThanOrEqual(0.5 * samplesMs);
    expect(blocking.ownCpuMs[i]).toBeLessThanOrEqual(samplesMs + callbacksMs);
  });

  it('charges CPU to the tool in the form that may stay on for hours', async () => {
    const target = await launch([fixture('stdio-v1.mjs')]);
    await target.agent.start('blocking', { ...options, samplingIntervalUs: 10_000, coarse: true });
    await Promise.all(['burn', 'noop', 'burn', 'noop'].map((tool) => target.call(tool)));
    await target.call('burn');
    const blocking = await target.agent.stop('blocking');
    await target.stop();
    const { calls, cpuMs } = sumsOf(blocking, 'burn');
    expect(calls).toBe(3);
    expect(cpuMs / calls).toBeGreaterThan(0.9 * BURN_CPU_MS);
    expect(slicesOf(blocking, 'noop').every(({ cpuMs: sliceMs }) => sliceMs < BURN_CPU_MS / 2)).toBe(true);
  });

  it('joins V8’s profiles when it has to be started again, on one clock', async () => {
    const target = await launch([fixture('stdio-v1.mjs')]);
    // 60,000 samples at a time: every 6 s at one sample in 0.1 ms.
    await target.agent.start('blocking', { ...options, samplingIntervalUs: 100 });
    const startedMs = performance.now();
    while (performance.now() - startedMs < 8000) await target.call('burn');
    const { profile, startedAtMs, observedMs, profileOffsetUs } = await target.agent.stop('blocking');
    await target.stop();
    const coveredUs = profile.timeDeltas.reduce((sum, us) => sum + us, 0);
    expect(profile.startTime + coveredUs).toBeCloseTo(profile.endTime, -3);
    expect((profile.endTime + profileOffsetUs) / 1000 - startedAtMs).toBeGreaterThan(0.95 * observedMs);
    const names = new Set(profile.nodes.map((node) => node.callFrame.functionName));
    expect(names.has('(program)')).toBe(true);
    const ids = new Set(profile.nodes.map((node) => node.id));
    expect(profile.samples.every((id) => ids.has(id))).toBe(true);
  });
});
