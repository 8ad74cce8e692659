import { describe, expect, it } from 'vitest';
import { growingHandles } from '../../../../src/derive/heap/growth/handles.ts';
import { memoryTrends } from '../../../../src/derive/heap/growth/trends.ts';
import type { HeapRound, HeapSubject } from '../../../../src/evidence/index.ts';

const subjects: readonly HeapSubject[] = ['rate', 'rule'].map((name) => ({
  name,
  kind: 'tool',
  manner: 'answered',
}));
const CALLS = [
  [20, 20],
  [13, 23],
  [29, 11],
  [19, 27],
] as const;
const rounds: readonly HeapRound[] = CALLS.map((calls, r) => ({
  kind: r === 0 ? 'warm-up' : 'fresh',
  durationMs: 100,
  calls,
}));

describe('handles that stay open', () => {
  const open = (
    resources: readonly Record<string, number>[],
    descriptors?: readonly Record<string, number>[],
  ) =>
    growingHandles(
      resources.map((each, r) => ({ resources: each, descriptors: descriptors?.[r] ?? null })),
      rounds,
      subjects,
    );

  it('are told of the tool with whose calls they come', () => {
    expect(open([23, 36, 65, 84].map((TCPSocketWrap) => ({ TCPSocketWrap, Timeout: 2 })))).toMatchObject([
      { kind: 'socket', resource: 'TCPSocketWrap', subject: { name: 'rate' }, perCall: 1 },
    ]);
  });

  it('are counted by the kernel where Node does not know them', () => {
    const none = [{}, {}, {}, {}];
    expect(
      open(
        none,
        [30, 53, 64, 91].map((file) => ({ file })),
      ),
    ).toMatchObject([{ kind: 'file', resource: 'file descriptor', subject: { name: 'rule' } }]);
  });

  it('are none when connections of clients come and go', () => {
    expect(open([16, 17, 15, 16].map((TCPSocketWrap) => ({ TCPSocketWrap })))).toEqual([]);
  });
});

describe('memory outside the heap', () => {
  const after = (arrayBuffersBytes: number) => ({
    heapUsedBytes: 10e6,
    externalBytes: 3e6,
    arrayBuffersBytes,
    rssBytes: 80e6,
  });

  it('is told per call of the tool that it follows', () => {
    const readings = [1e6, 1e6 + 13 * 16_384, 1e6 + 42 * 16_384, 1e6 + 61 * 16_384].map(after);
    expect(memoryTrends(readings, rounds, subjects)).toMatchObject([
      { kind: 'array-buffers', subject: { name: 'rate' }, bytesPerCall: 16_384, low: 16_384, high: 16_384 },
    ]);
  });

  it('is nobody’s when a buffer is made once', () => {
    expect(memoryTrends([1e6, 9e6, 9e6, 9e6].map(after), rounds, subjects)).toEqual([]);
  });
});
