import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const inParallel = {
  environment: 'node',
  // Tests start servers; on a busy machine a start alone may take seconds.
  testTimeout: 60_000,
  expect: { poll: { timeout: 20_000 } },
  hookTimeout: 60_000,
  // Many tests measure real servers, and a shared host may take the core away in the middle of one. Such a test has
  // one more try; the report names it (“retry x1”) and lists it at the end, so that none hides behind this.
  retry: 1,
  // Each worker has child servers of its own: more than two would measure one another.
  maxWorkers: 2,
  sequence: { groupOrder: 0 },
} as const;

/** Rooms that only compute: their tests start nothing and change nothing, and so can share what they import. */
const PURE = ['derive', 'detect', 'evidence', 'stats', 'explore', 'report'].map(
  (room) => `test/${room}/**/*.test.ts`,
);
const STARTING = ['explore/trials', 'report/k6'].map((room) => `test/${room}/**/*.test.ts`);

export default defineConfig({
  test: {
    reporters: ['default', fileURLToPath(new URL('scripts/retried-tests.mjs', import.meta.url))],
    projects: [
      {
        test: {
          ...inParallel,
          name: 'mettle',
          root: 'packages/mettle',
          include: ['test/**/*.test.ts'],
          exclude: ['test/smoke/**', ...PURE],
        },
      },
      // Separately, so that a pure room's file that starts something (see STARTING) has a world of its own.
      {
        test: { ...inParallel, name: 'starting', root: 'packages/mettle', include: STARTING },
      },
      {
        test: {
          ...inParallel,
          name: 'pure',
          root: 'packages/mettle',
          include: PURE,
          exclude: STARTING,
          isolate: false,
        },
      },
      { test: { ...inParallel, name: 'runtime', root: 'packages/runtime', include: ['test/**/*.test.ts'] } },
      {
        test: {
          name: 'smoke',
          root: 'packages/mettle',
          include: ['test/smoke/**/*.test.ts'],
          globalSetup: fileURLToPath(
            new URL('packages/mettle/test/smoke/install-servers.ts', import.meta.url),
          ),
          // One examination of a published server takes up to half a minute on a busy machine.
          testTimeout: 180_000,
          hookTimeout: 180_000,
          fileParallelism: false,
          maxWorkers: 1,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
