import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { agentEnvironment } from '../../../src/agent/location.ts';
import type { HeapMemory, HeapRequest } from '../../../src/agent/heap-protocol.ts';
import { openAgentChannel } from '../../../src/collect/index.ts';
import type { ServingAgent } from '../../../src/collect/index.ts';
import { homeOf } from '../../../src/derive/index.ts';
import type { HeapGrowthEvidence, TargetSpec } from '../../../src/evidence/index.ts';
import { planSubjects } from '../../../src/load/index.ts';
import { leakStage } from '../../../src/run/leak/leak-stage.ts';
import { SourceLibrary } from '../../../src/run/source-library.ts';
import { monotonicMs, openSession, readCatalogue } from '../../../src/session/index.ts';

const folder = fileURLToPath(new URL('../../../../sick-servers/six-tools/', import.meta.url));
const command = [process.execPath, `${folder}sick.js`] as const;
const spec: TargetSpec = { kind: 'stdio', command, env: {}, cwd: folder };
const LEAKING = ['lookup', 'open_session', 'subscribe_updates', 'watch_metric'];

/** A real server and real snapshots, each of which holds it for so much longer by the clock of the examination. */
async function examined({
  budgetMs,
  pausesMs,
  collectionCpuMs = 10,
  heapUsedBytes,
  tools = [],
}: {
  readonly budgetMs: number;
  /** Of one snapshot after the other; all others are as the last. */
  readonly pausesMs: readonly number[];
  readonly collectionCpuMs?: number;
  readonly heapUsedBytes?: number;
  readonly tools?: readonly string[];
}): Promise<{ readonly evidence: HeapGrowthEvidence; readonly snapshots: number }> {
  const signal = new AbortController().signal;
  const channel = await openAgentChannel();
  let [snapshots, lateMs] = [0, 0];
  try {
    const extraEnv = agentEnvironment({
      socketPath: channel.socketPath,
      inheritedNodeOptions: undefined,
      exitWithMettle: true,
    });
    const { session } = await openSession(spec, { era: '2025', extraEnv, signal });
    try {
      const agent = (await channel.serving(10_000)) as ServingAgent;
      const held: ServingAgent = Object.create(agent, {
        heap: {
          async value(request: HeapRequest) {
            const answer = await agent.heap(request);
            if (request.ask === 'memory') {
              const { after, ...memory } = answer as HeapMemory;
              const used = heapUsedBytes ?? after.heapUsedBytes;
              return { ...memory, after: { ...after, heapUsedBytes: used }, collectionCpuMs };
            }
            if (request.ask !== 'snapshot') return answer;
            const pauseMs = pausesMs[snapshots] ?? pausesMs.at(-1) ?? 0;
            snapshots++;
            lateMs += pauseMs;
            return { pauseMs, cpuMs: pauseMs };
          },
        },
      });
      const home = homeOf({ cwd: folder, command });
      const { catalogue } = await readCatalogue(session);
      const evidence = await leakStage({
        session,
        agent: held,
        spec,
        sources: planSubjects(catalogue, { tools, workload: null, allowWrites: false, seed: 1 }).sources,
        workload: null,
        seed: 1,
        signal,
        callTimeoutMs: 30_000,
        budgetMs,
        onTopMs: 0,
        now: () => monotonicMs() + lateMs,
        lookLonger: 'raise --budget',
        home,
        library: new SourceLibrary(home),
        fetch: null,
        onProgress() {},
      });
      return { evidence, snapshots };
    } finally {
      await session.close();
    }
  } finally {
    await channel.close();
  }
}

function leakingTools({ growths }: HeapGrowthEvidence): readonly string[] {
  const endless = growths.filter(({ bound }) => bound.kind === 'none');
  return [
    ...new Set(endless.flatMap(({ subject, startedBy }) => (subject ?? startedBy)?.name ?? [])),
  ].toSorted();
}

// The real time of all this is a fraction of these budgets, however busy the machine.
const BUDGET_MS = 300_000;

describe('a server that heap snapshots hold for long', { timeout: 300_000 }, () => {
  it('is examined in two counted rounds and each tool alone where a later snapshot takes the time of the third; every leak is found', async () => {
    const { evidence } = await examined({ budgetMs: BUDGET_MS, pausesMs: [40_000, 90_000] });
    expect(evidence.rounds.filter(({ kind }) => kind === 'fresh')).toHaveLength(2);
    expect(leakingTools(evidence)).toEqual(LEAKING);
    expect(evidence.notCovered).toEqual([
      'Calls were counted in two rounds instead of three, since one heap snapshot held the server for 90.0 s; each tool was called alone besides, and what leaks on some calls only may have been missed (raise --budget).',
    ]);
  });

  it('is examined in one counted round and each tool alone where the first snapshot says so; the report tells what that cannot show', async () => {
    const { evidence, snapshots } = await examined({
      budgetMs: BUDGET_MS,
      pausesMs: [90_000],
      tools: ['cached_fetch', 'lookup', 'open_session'],
    });
    expect(snapshots).toBe(2);
    expect(leakingTools(evidence)).toEqual(expect.arrayContaining(['lookup', 'open_session']));
    expect(leakingTools(evidence)).not.toContain('cached_fetch');
    expect(evidence.notCovered).toEqual([
      expect.stringMatching(
        /^Calls were counted in one round instead of three.*but no timers, promises, handles, buffers or linked lists \(raise --budget\)\.$/,
      ),
    ]);
  });

  it('is examined by sampling where size and collections say that no two snapshots fit, and none is taken', async () => {
    const { evidence, snapshots } = await examined({
      budgetMs: 24_000,
      pausesMs: [0],
      collectionCpuMs: 2_000,
      heapUsedBytes: 170e6,
      tools: ['open_session'],
    });
    expect(snapshots).toBe(0);
    expect(evidence.by).toBe('sampling');
    expect(evidence.whySampling).toMatch(
      /^a heap snapshot of \d+ MB will hold the server for \d+ s or more here, too long to take two in the \d+ s that are left \(raise --budget\)$/,
    );
  });
});
