import { expect, test } from 'vitest';
import { parseBar } from '../../src/cli/fail-on.ts';
import type { Finding, Result, Severity } from '../../src/evidence/index.ts';
import { resultOf } from '../../src/run/result.ts';
import { bundleWith, detectorThatFinds } from '../run/builders.ts';

function resultWith(severity: Severity): Result {
  return resultOf(bundleWith({}), [
    detectorThatFinds({ id: 'serialised-by-lock', check: 'serialisation', severity }),
  ]);
}

test.each<[string, Finding['severity'], boolean]>([
  ['medium', 'medium', true],
  ['medium', 'low', false],
  ['high', 'medium', false],
  ['high', 'critical', true],
  ['none', 'critical', false],
  ['serialisation', 'low', true],
  ['latency', 'critical', false],
  ['serialised-by-lock', 'low', true],
  ['critical, serialised-by-lock', 'low', true],
])('--fail-on "%s" with a %s finding: over the bar is %s', (expression, severity, over) => {
  expect(parseBar(expression, ['serialised-by-lock'])(resultWith(severity))).toBe(over);
});

test('an unknown term is named with what may stand there', () => {
  expect(() => parseBar('hihg', [])).toThrow(
    '--fail-on: "hihg" is no severity (critical, high, medium, low)',
  );
});
