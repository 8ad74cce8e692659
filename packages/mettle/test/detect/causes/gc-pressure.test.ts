import { expect, it } from 'vitest';
import { gcPressure } from '../../../src/detect/detectors/gc-pressure.ts';
import { largeJsonParse } from '../../../src/detect/detectors/large-json-parse.ts';
import { profiled } from '../../builders/profiled.ts';

const HANDLER = ['noon@@src/tools.js:10'];

it('names the line that allocated before the collector came', () => {
  const [finding] = gcPressure.detect(
    profiled().tool('noon', 10).allocates(40, 20, HANDLER, { line: 13 }).evidence(),
  );
  expect(finding?.title).toBe(
    '`noon` spends 20 ms per call (33 % of its time on the main thread) collecting the garbage that it leaves, at src/tools.js:13',
  );
  expect(finding?.fix).toContain('typed arrays');
});

it('leaves the garbage of a named cause to that cause', () => {
  const told = profiled()
    .tool('noon', 10)
    .allocates(40, 20, HANDLER, { line: 13 })
    .source('src/tools.js', 13, 'const rows = JSON.parse(text);');
  expect(gcPressure.detect(told.evidence())).toEqual([]);
  expect(largeJsonParse.detect(told.evidence())[0]?.cost.value).toBe(60);
});

it.each([
  ['the little that every call leaves', profiled().tool('noon', 10).allocates(20, 2, HANDLER, { line: 13 })],
  [
    'a small part of a call that computes much',
    profiled().tool('noon', 10).allocates(100, 8, HANDLER, { line: 13 }),
  ],
])('is silent about %s', (_what, told) => {
  expect(gcPressure.detect(told.evidence())).toEqual([]);
});
