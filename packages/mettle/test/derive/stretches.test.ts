import { describe, expect, it } from 'vitest';
import { heldMsPerCall, holdOf, holdsOf, synchronousCall } from '../../src/derive/stretches.ts';
import type { Stretch } from '../../src/evidence/index.ts';
import { at, CHILD_PROCESS, COMPUTING, HASHING, native } from '../builders/frames.ts';
import { server } from '../builders/server.ts';

const stretch = (over: Partial<Stretch>): Stretch => ({
  subject: 't',
  call: 1,
  startedAtMs: 0,
  wallMs: 100,
  cpuMs: 100,
  hostDelayMs: 0,
  gcMs: 0,
  stack: COMPUTING,
  stackShare: 1,
  ...over,
});

describe('what a stretch costs the loop', () => {
  it.each([
    ['CPU', stretch({}), 'schedstat', { costMs: 100, cause: 'cpu', certain: true }],
    [
      'CPU without what the host took',
      stretch({ wallMs: 400, hostDelayMs: 300 }),
      'schedstat',
      { costMs: 100, cause: 'cpu' },
    ],
    [
      'a synchronous wait, however short',
      stretch({ cpuMs: 5, wallMs: 30, stack: CHILD_PROCESS }),
      'schedstat',
      { costMs: 30, cause: 'synchronous-call', certain: true },
    ],
    [
      'a synchronous wait that may be the host',
      stretch({ cpuMs: 5, hostDelayMs: null, stack: CHILD_PROCESS }),
      'thread',
      { costMs: 100, cause: 'synchronous-call', certain: false },
    ],
    [
      'a long wait that nothing names',
      stretch({ cpuMs: 5 }),
      'schedstat',
      { costMs: 100, cause: 'unexplained-wait' },
    ],
    ['not a short one', stretch({ cpuMs: 60 }), 'schedstat', { costMs: 60, cause: 'cpu' }],
    [
      'not one whose host delay is unknown',
      stretch({ cpuMs: 5, hostDelayMs: null }),
      'thread',
      { costMs: 5, cause: 'cpu', certain: true },
    ],
    [
      'at most the wall time, by a clock that counts other threads',
      stretch({ cpuMs: 350 }),
      'process',
      { costMs: 100, certain: false },
    ],
    ['garbage collection', stretch({ gcMs: 60 }), 'schedstat', { costMs: 100, cause: 'gc' }],
    [
      'of a collection only the CPU',
      stretch({ gcMs: 90, cpuMs: 20 }),
      'schedstat',
      { costMs: 20, cause: 'gc' },
    ],
  ] as const)('is %s', (_what, one, clock, expected) => {
    expect(holdOf(one, clock)).toMatchObject(expected);
  });

  it('is unknown without a clock', () => {
    expect(holdOf(stretch({ cpuMs: null }), 'process')).toBeNull();
  });
});

it("the synchronous call is the one of Node's that the application made", () => {
  expect(synchronousCall(CHILD_PROCESS)?.function).toBe('execFileSync');
  expect(synchronousCall(HASHING)?.function).toBe('pbkdf2Sync');
  expect(synchronousCall([native('run'), at('loadSync', 'src/a.js', 1)])).toBeUndefined();
});

it('a typical call holds the loop for the median over all its calls, those without a stretch included', () => {
  const { blocking } = server()
    .tool('a')
    .called(10)
    .blocks(80, { times: 6 })
    .blocks(20, { times: 6 })
    .tool('b')
    .called(10)
    .blocks(80, { times: 4 })
    .evidence();
  expect(heldMsPerCall(blocking, 'a')).toBe(100);
  expect(heldMsPerCall(blocking, 'b')).toBe(0);
  expect(heldMsPerCall(blocking, 'unknown')).toBeNull();
  expect(holdsOf(blocking)).toBe(holdsOf(blocking));
});
