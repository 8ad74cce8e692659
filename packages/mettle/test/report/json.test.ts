import { expect, test } from 'vitest';
import { renderJson } from '../../src/report/json.ts';
import { result } from './builders.ts';
import { sampleResult } from './sample.ts';

/** The same value with every object's keys in reverse. */
function reversed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reversed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
}

test('says everything that the result says', () => {
  expect(JSON.parse(renderJson(sampleResult))).toEqual(JSON.parse(JSON.stringify(sampleResult)));
});

test('the order of keys does not depend on how the result was put together', () => {
  expect(renderJson(reversed(sampleResult) as typeof sampleResult)).toBe(
    renderJson({
      ...sampleResult,
      checks: Object.fromEntries(
        Object.entries(sampleResult.checks).toReversed(),
      ) as typeof sampleResult.checks,
    }),
  );
});

test('is indented by two and ends in one newline', () => {
  const text = renderJson(result());
  expect(text.startsWith('{\n  "schema": "mettle/result@1",\n  "mettle": "0.1.0",\n  "node":')).toBe(true);
  expect(text.endsWith('}\n')).toBe(true);
});

test('additions come after the known keys, by name', () => {
  const text = renderJson({ ...result(), zebra: 1, aardvark: null } as never);
  expect(Object.keys(JSON.parse(text) as object)).toEqual([
    'schema',
    'mettle',
    'node',
    'startedAt',
    'durationMs',
    'command',
    'target',
    'tools',
    'checks',
    'findings',
    'notes',
    'aardvark',
    'zebra',
  ]);
});
