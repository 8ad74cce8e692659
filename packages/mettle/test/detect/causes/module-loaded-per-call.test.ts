import { expect, it } from 'vitest';
import { moduleLoadedPerCall } from '../../../src/detect/detectors/module-loaded-per-call.ts';
import { profiled } from '../../builders/profiled.ts';

const HANDLER = 'accepts@@src/tools.js:10';
const LOADING = [
  HANDLER,
  'require@@node:internal/modules/helpers:180',
  'Module._load@@node:internal/modules/cjs/loader:1008',
  'Module._compile@@node:internal/modules/cjs/loader:1489',
];

it('names the line that loads, and counts all that loading does', () => {
  const told = profiled()
    .tool('accepts', 20)
    .spends(8, LOADING)
    .spends(8, [
      ...LOADING,
      '(anonymous)@@node_modules/zod/index.cjs:1',
      'object@@node_modules/zod/v4/classic/schemas.js:900',
    ])
    .spends(8, [
      ...LOADING,
      'prototype._compile@@node_modules/mettle/dist/agent/sdk-requests.js:70',
      'wrapSafe@@node:internal/modules/cjs/loader:1430',
    ])
    .callsOnLine('src/tools.js', 10, 'require', 19);
  const [finding] = moduleLoadedPerCall.detect(told.evidence());
  expect(finding?.title).toBe(
    '`accepts` spends 24 ms per call (100 % of its time on the main thread) loading modules with require, at src/tools.js:19',
  );
  expect(finding?.fix).toContain('import rules from');
});

it('knows a dynamic import', () => {
  const [finding] = moduleLoadedPerCall.detect(
    profiled()
      .tool('accepts', 20)
      .spends(9, [
        'run@@node:internal/modules/esm/module_job:300',
        'compileSourceTextModule@@node:internal/modules/esm/utils:346',
      ])
      .evidence(),
  );
  expect(finding?.title).toContain('loading modules with import()');
});

it.each([
  ['what the first call loads', profiled().tool('accepts', 30).spends(200, LOADING, { times: 1 })],
  ['modules that come from the cache', profiled().tool('accepts', 30).spends(0.2, LOADING)],
])('is silent about %s', (_what, told) => {
  expect(moduleLoadedPerCall.detect(told.evidence())).toEqual([]);
});
