import { expect, it } from 'vitest';
import { idiomsOf, regexLiterals, regexNames } from '../../../src/derive/causes/idioms.ts';

const causes = (line: string): readonly string[] => idiomsOf(line, () => null).map(({ cause }) => cause);

it.each([
  ['  const items = JSON.parse(text); // from disk', ['large-json-parse']],
  ['  response.end(JSON.stringify(rows));', ['large-json-stringify']],
  ['const mine = JSON.parse(JSON.stringify(plan));', ['deep-clone-per-call']],
  ['const mine = structuredClone(plan);', ['deep-clone-per-call']],
  [String.raw`if (/^(\w+\s?)*$/.test(title)) return;`, ['regex-backtracking']],
  ['const ok = pattern.test(title);', ['regex-backtracking']],
  ['db.exec(sql);', []],
  ["const parts = url.split('/').join('/');", []],
  ['const share = a / b / c;', []],
  ['// JSON.parse(text)', []],
  [' * JSON.parse(text)', []],
  ['await suite.test();', []],
])('reads %j', (line, expected) => {
  expect(causes(line)).toEqual(expected);
});

it('is not certain when a line has more than one', () => {
  expect(
    idiomsOf('return JSON.stringify(JSON.parse(text).rows);', () => null).map(({ certain }) => certain),
  ).toEqual([false, false]);
});

it('looks names up', () => {
  expect(idiomsOf('WORDS.exec(text)', (name) => (name === 'WORDS' ? '(a+)+$' : null))).toEqual([
    { cause: 'regex-backtracking', what: '(a+)+$', certain: true },
  ]);
  expect(regexNames('if (WORDS.test(a) && b.replace(SPACES, "")) this.x.test(c)')).toEqual([
    'WORDS',
    'SPACES',
  ]);
});

it('tells literals from divisions', () => {
  expect(regexLiterals(String.raw`x.replace(/[/"]+/g, '') + a / b / c`)).toEqual(['[/"]+']);
});
