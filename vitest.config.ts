import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

const measuring = {
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

/** Tests that wait for most of their time, and measure nothing: with two at a time half a core would stand idle. */
const waiting = { ...measuring, maxWorkers: 3, sequence: { groupOrder: 1 } } as const;

/**
 * Tests that only compute: they start nothing and change nothing, and so can share a process and what they import. A process
 * and its imports cost a second for each of the others.
 */
const PURE = [
  '{derive,detect,evidence,stats}/**/*',
  '{explore,report}/*',
  'cli/{*-options,bench-view,fail-on,options,progress,terminal-abilities}',
  'load/{fresh-arguments,hostile,namesakes,outcomes,readable,subjects,template,workload}',
  'load/{leak,replay}/*',
  'load/{drive/arrivals,profiles/batches,profiles/replayed}',
  'run/{looking-cost,own-scripts,plan,result,source-library,time-left-over,verdicts}',
  'run/leak/{leak-time,parts-of-a-cache,snapshot-guard}',
  'run/race/*',
  'session/channel/*',
  'session/{client-config,line-splitter,modern-headers,sse-parser,text-tail}',
  'watch/{alerts/hysteresis,alerts/quorum,config/*,probe/authorisation,probe/tool-listing,store/missed}',
].map(testFiles);

const PATIENT = [
  'agent/control/*',
  'cli/race-command',
  'explore/trials/*',
  '{init,mcp}/*',
  'run/race/in-test/*',
  'session/*',
  'tutorial',
  // Not its page: a browser computes.
  'watch/{*,alerts/*,engine/*,probe/*,schedule/*}',
].map(testFiles);

function testFiles(files: string): string {
  return `test/${files}.test.ts`;
}

export default defineConfig({
  test: {
    reporters: ['default', fileURLToPath(new URL('scripts/retried-tests.mjs', import.meta.url))],
    projects: [
      {
        test: {
          ...measuring,
          name: 'mettle',
          root: 'packages/mettle',
          include: ['test/**/*.test.ts'],
          exclude: ['test/smoke/**', ...PURE, ...PATIENT],
        },
      },
      {
        test: {
          ...measuring,
          name: 'pure',
          root: 'packages/mettle',
          include: PURE,
          isolate: false,
        },
      },
      // Vitest takes the projects of a group by their names; within one the largest files first. The long ones come early.
      { test: { ...waiting, name: 'patient', root: 'packages/mettle', include: PATIENT, exclude: PURE } },
      { test: { ...waiting, name: 'runtime', root: 'packages/runtime', include: ['test/**/*.test.ts'] } },
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
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
