import { expect, it } from 'vitest';
import { syncChildProcess } from '../../../src/detect/detectors/sync-child-process.ts';
import { CHILD_PROCESS } from '../../builders/frames.ts';
import { profiled } from '../../builders/profiled.ts';
import { server } from '../../builders/server.ts';

const HANDLER = 'render@@src/tools.js:10';
const WAITING = [
  HANDLER,
  'execFileSync@@node:child_process:916',
  'spawnSync@@node:child_process:832',
  'spawnSync@@node:internal/child_process:1108',
  'spawn',
];

it('names the call that waits, and its asynchronous form', () => {
  const [finding] = syncChildProcess.detect(
    profiled()
      .tool('render', 5)
      .spends(120, WAITING)
      .callsOnLine('src/tools.js', 10, 'execFileSync', 16)
      .evidence(),
  );
  expect(finding?.title).toBe(
    '`render` spends 120 ms per call (100 % of its time on the main thread) waiting for a child process in execFileSync, at src/tools.js:16',
  );
  expect(finding).toMatchObject({ severity: 'high', cost: { unit: 'ms blocked' } });
  expect(finding?.fix).toContain('promisify(execFile)');
});

it('shows whose calls it delayed, with their latency alone and while it runs', () => {
  const others = server()
    .tool('render')
    .called(5)
    .blocks(3, { waitMs: 120, stack: CHILD_PROCESS })
    .waitsDuring('render')
    .tool('search')
    .called(50)
    .alone({ p50: 2, p99: 4 })
    .waitsDuring('render')
    .evidence();
  const told = profiled().tool('render', 5).spends(120, WAITING).evidence();
  const [finding] = syncChildProcess.detect({
    ...others,
    cpuProfile: told.cpuProfile,
    sources: told.sources,
  });
  const table = finding?.evidence.find(
    (exhibit) =>
      exhibit.kind === 'table' && exhibit.title.startsWith('Calls of the others while render runs'),
  );
  expect(table).toMatchObject({ rows: [['search', 5, 5, expect.any(Number), 2, 125, 4, 125]] });
});

it('is silent about starting a child process without waiting for it', () => {
  expect(
    syncChildProcess.detect(
      profiled()
        .tool('render', 20)
        .spends(9, [
          HANDLER,
          'execFile@@node:child_process:300',
          'spawn@@node:internal/child_process:350',
          'spawn',
        ])
        .evidence(),
    ),
  ).toEqual([]);
});
