import { describe, expect, it } from 'vitest';
import { ProfileStore } from '../../src/agent/profile-store.ts';
import type { CpuProfileEvidence } from '../../src/evidence/index.ts';

type Profile = CpuProfileEvidence['profile'];

const frame = (functionName: string): Profile['nodes'][number]['callFrame'] => ({
  functionName,
  scriptId: '7',
  url: 'file:///server.js',
  lineNumber: 1,
  columnNumber: 0,
});

/** A profile of a minute's end: `root > first > second`, sampled in turns every millisecond. */
function profileFrom(startTime: number, count: number, names = ['first', 'second']): Profile {
  const each = Math.ceil(count / 2);
  return {
    nodes: [
      { id: 1, callFrame: frame('(root)'), hitCount: 0, children: [2] },
      { id: 2, callFrame: frame(names[0] ?? ''), hitCount: each, children: [3] },
      {
        id: 3,
        callFrame: frame(names[1] ?? ''),
        hitCount: count - each,
        positionTicks: [{ line: 5, ticks: count - each }],
      },
    ],
    startTime,
    endTime: startTime + count * 1000,
    samples: Array.from({ length: count }, (_, i) => 2 + (i % 2)),
    timeDeltas: Array.from({ length: count }, () => 1000),
  };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
function msByFunction({ nodes, samples, timeDeltas }: Profile): Record<string, number> {
  const names = new Map(nodes.map((node) => [node.id, node.callFrame.functionName]));
  const sums: Record<string, number> = {};
  samples.forEach((id, i) => {
    const name = names.get(id) ?? 'unknown';
    sums[name] = (sums[name] ?? 0) + (timeDeltas[i] ?? 0) / 1000;
  });
  return sums;
}

describe('profiles of one time after another', () => {
  it('is the profile itself when there is one', () => {
    const store = new ProfileStore();
    store.add(profileFrom(5000, 4), () => []);
    expect(store.profile()).toEqual(profileFrom(5000, 4));
  });

  it('joins stacks that are the same, and keeps time in step with the clock', () => {
    const store = new ProfileStore();
    store.add(profileFrom(0, 4), () => []);
    // 50 ms in which V8's profiler was stopped and started.
    store.add(profileFrom(54_000, 6, ['first', 'other']), () => []);
    const joined = store.profile();
    expect(joined.nodes.map((node) => [node.callFrame.functionName, node.hitCount])).toEqual(
      expect.arrayContaining([
        ['first', 5],
        ['second', 2],
        ['other', 3],
      ]),
    );
    expect(msByFunction(joined)).toEqual({ first: 5, second: 2, other: 3, '(program)': 50 });
    expect(joined.endTime).toBe(60_000);
    expect(joined.startTime + total(joined.timeDeltas)).toBe(60_000);
  });

  it('stays within its bounds for hours, with exact sums and the time of each stack', () => {
    const store = new ProfileStore({ samples: 2000, nodes: 100 });
    for (let minute = 0; minute < 100; minute++) store.add(profileFrom(minute * 1e6, 1000), () => []);
    const joined = store.profile();
    expect(joined.samples.length).toBeLessThanOrEqual(2000);
    expect(total(joined.nodes.map((node) => node.hitCount ?? 0))).toBe(100_000);
    expect(joined.nodes.flatMap((node) => node.positionTicks ?? [])).toEqual([{ line: 5, ticks: 50_000 }]);
    expect(total(joined.timeDeltas)).toBe(100e6);
    const { first = 0, second = 0 } = msByFunction(joined);
    // Half each; a thousand draws are within 10 % but for one time in a hundred thousand, and the draws are fixed.
    expect(first / (first + second)).toBeGreaterThan(0.45);
    expect(first / (first + second)).toBeLessThan(0.55);
  });

  it('spares the samples of long slices', () => {
    const store = new ProfileStore({ samples: 1000, nodes: 100 });
    store.add(profileFrom(0, 1500), () => [{ startUs: 100_000, endUs: 200_000 }]);
    const { samples, timeDeltas, startTime } = store.profile();
    let atUs = startTime;
    const within = samples.filter((_, i) => {
      atUs += timeDeltas[i] ?? 0;
      return atUs >= 100_000 && atUs <= 200_000;
    });
    expect(within).toHaveLength(101);
    expect(samples.length).toBeLessThanOrEqual(1000);
  });

  it('counts stacks beyond the bound for their parents', () => {
    const store = new ProfileStore({ samples: 1000, nodes: 3 });
    store.add(profileFrom(0, 10), () => []);
    store.add(profileFrom(10_000, 10, ['third', 'fourth']), () => []);
    const joined = store.profile();
    expect(joined.nodes).toHaveLength(3);
    expect(total(joined.nodes.map((node) => node.hitCount ?? 0))).toBe(20);
    expect(msByFunction(joined)).toEqual({ '(root)': 10, first: 5, second: 5 });
  });
});
