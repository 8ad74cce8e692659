import { expect, it } from 'vitest';
import { regexBacktracking } from '../../../src/detect/detectors/regex-backtracking.ts';
import { profiled } from '../../builders/profiled.ts';

const HANDLER = ['check@@src/tools.js:10'];
const testing = (text: string) =>
  profiled().tool('check', 20).spends(60, HANDLER, { line: 12 }).source('src/tools.js', 12, text);

it('names the pattern that is written on the line', () => {
  const [finding] = regexBacktracking.detect(
    testing(String.raw`  if (/^(\w+\s?)*$/.test(title)) return;`).evidence(),
  );
  expect(finding?.title).toBe(
    String.raw`\`check\` spends 60 ms per call (100 % of its time on the main thread) in the regular expression /^(\w+\s?)*$/, at src/tools.js:12`.replaceAll(
      '\\`',
      '`',
    ),
  );
  expect(finding?.confidence).toBe('measured');
  expect(finding?.fix).toContain('only one way');
});

it('finds the pattern that a name stands for', () => {
  const told = testing('  const valid = WORDS.test(title);').source(
    'src/tools.js',
    3,
    String.raw`const WORDS = /^(\w+\s?)*$/;`,
  );
  expect(regexBacktracking.detect(told.evidence())[0]?.title).toContain(String.raw`/^(\w+\s?)*$/`);
});

it('takes the pattern from a frame of compiled regular expressions', () => {
  const told = profiled()
    .tool('check', 20)
    .spends(60, [...HANDLER, String.raw`RegExp: (a+)+$`]);
  expect(regexBacktracking.detect(told.evidence())[0]).toMatchObject({ confidence: 'measured' });
});

it('only suspects a pattern that it does not know, and one that is slow for long input alone', () => {
  expect(regexBacktracking.detect(testing('  return pattern.test(title);').evidence())[0]).toMatchObject({
    confidence: 'suspected',
  });
  const trimming = regexBacktracking.detect(
    testing(String.raw`  return text.replace(/\s+$/, '');`).evidence(),
  )[0];
  expect(trimming).toMatchObject({ confidence: 'suspected' });
  expect(trimming?.fix).toContain('trimEnd()');
});

it('tells two patterns of one function apart', () => {
  const told = testing(String.raw`  const a = /^(\w+\s?)*$/.test(title);`)
    .spends(40, HANDLER, { line: 13 })
    .source('src/tools.js', 13, String.raw`  const b = /(x+x+)+y/.test(title);`);
  expect(new Set(regexBacktracking.detect(told.evidence()).map((finding) => finding.fingerprint)).size).toBe(
    2,
  );
});

it.each([
  ['a pattern that can only be linear', testing(String.raw`  const parts = text.split(/,/);`)],
  [
    'the same pattern on short input',
    profiled()
      .tool('check', 20)
      .spends(1, HANDLER, { line: 12 })
      .spends(4, ['score@@src/score.js:3'])
      .source('src/tools.js', 12, String.raw`/^(\w+\s?)*$/.test(title)`),
  ],
])('is silent about %s', (_what, told) => {
  expect(regexBacktracking.detect(told.evidence())).toEqual([]);
});
