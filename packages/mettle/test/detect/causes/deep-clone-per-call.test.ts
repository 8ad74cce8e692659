import { expect, it } from 'vitest';
import { deepClonePerCall } from '../../../src/detect/detectors/deep-clone-per-call.ts';
import { largeJsonParse } from '../../../src/detect/detectors/large-json-parse.ts';
import { profiled } from '../../builders/profiled.ts';

const HANDLER = ['seats@@src/tools.js:10'];

it.each([
  [
    'structuredClone as Node 20 has it, without a frame',
    profiled()
      .tool('seats', 20)
      .spends(40, HANDLER, { line: 12 })
      .source('src/tools.js', 12, 'const mine = structuredClone(plan);'),
    'structuredClone',
  ],
  [
    'structuredClone with a frame of its own',
    profiled()
      .tool('seats', 20)
      .spends(40, [...HANDLER, 'structuredClone@@node:internal/worker/js_transferable:113'], { line: 127 }),
    'structuredClone',
  ],
  [
    'JSON there and back',
    profiled()
      .tool('seats', 20)
      .spends(40, HANDLER, { line: 12 })
      .source('src/tools.js', 12, 'const mine = JSON.parse(JSON.stringify(plan));'),
    'JSON.parse(JSON.stringify())',
  ],
  [
    'lodash',
    profiled()
      .tool('seats', 20)
      .spends(40, [
        ...HANDLER,
        'cloneDeep@@node_modules/lodash/lodash.js:11186',
        'baseClone@@node_modules/lodash/lodash.js:2667',
      ]),
    'lodash cloneDeep',
  ],
])('knows %s', (_form, told, what) => {
  const [finding] = deepClonePerCall.detect(told.evidence());
  expect(finding?.title).toContain(`copying an object with ${what}, at src/tools.js:1`);
  expect(finding?.fix).toContain('Copy only what the call changes');
});

it('counts a clone by JSON as neither parsing nor writing', () => {
  const told = profiled()
    .tool('seats', 20)
    .spends(40, HANDLER, { line: 12 })
    .source('src/tools.js', 12, 'const mine = JSON.parse(JSON.stringify(plan));');
  expect(largeJsonParse.detect(told.evidence())).toEqual([]);
});

it('is silent about a small copy', () => {
  const told = profiled()
    .tool('seats', 20)
    .spends(1, HANDLER, { line: 12 })
    .spends(6, ['score@@src/score.js:3'])
    .source('src/tools.js', 12, 'structuredClone(entry)');
  expect(deepClonePerCall.detect(told.evidence())).toEqual([]);
});
