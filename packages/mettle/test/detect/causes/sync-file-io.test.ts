import { expect, it } from 'vitest';
import { syncFileIo } from '../../../src/detect/detectors/sync-file-io.ts';
import { profiled } from '../../builders/profiled.ts';

const HANDLER = 'verify@@src/tools.js:10';

it('names the functions that block, and their asynchronous form', () => {
  const told = profiled()
    .tool('verify', 20)
    .spends(20, [HANDLER, 'readFileSync@@node:fs:440', 'read'])
    .callsOnLine('src/tools.js', 10, 'readFileSync', 14);
  const [finding] = syncFileIo.detect(told.evidence());
  expect(finding?.title).toBe(
    '`verify` spends 20 ms per call (100 % of its time on the main thread) in readFileSync of node:fs, at src/tools.js:14',
  );
  expect(finding).toMatchObject({ cost: { unit: 'ms blocked' } });
  expect(finding?.fix).toContain('await readFile(…)');
});

it('sums many small calls of one function of the server', () => {
  const told = profiled()
    .tool('verify', 20)
    .spends(4, [HANDLER, 'statSync@@node:fs:1600', 'stat'])
    .spends(4, [HANDLER, 'readdirSync@@node:fs:1400', 'readdir']);
  expect(syncFileIo.detect(told.evidence())[0]?.title).toContain('spends 8 ms per call');
});

it.each([
  [
    'a small file in every call',
    profiled()
      .tool('verify', 20)
      .spends(1, [HANDLER, 'readFileSync@@node:fs:440', 'read'])
      .spends(4, ['score@@src/score.js:3']),
  ],
  [
    'a file that the first call reads',
    profiled().tool('verify', 30).spends(40, [HANDLER, 'readFileSync@@node:fs:440', 'read'], { times: 1 }),
  ],
  [
    'files that a module is loaded from',
    profiled()
      .tool('verify', 20)
      .spends(40, [
        HANDLER,
        'require@@node:internal/modules/helpers:180',
        'readFileSync@@node:fs:440',
        'read',
      ]),
  ],
  [
    'what Mettle’s own agent reads',
    profiled()
      .tool('verify', 20)
      .spends(40, [
        HANDLER,
        'read@@node_modules/mettle/dist/agent/thread-clock.js:26',
        'readSync@@node:fs:709',
        'read',
      ]),
  ],
])('is silent about %s', (_what, told) => {
  expect(syncFileIo.detect(told.evidence())).toEqual([]);
});
