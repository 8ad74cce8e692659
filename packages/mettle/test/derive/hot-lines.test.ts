import { expect, it } from 'vitest';
import { hotSources } from '../../src/derive/hot-lines.ts';
import { CWD } from '../builders/frames.ts';
import { profiled } from '../builders/profiled.ts';

const FILE = `${CWD}/src/tools.js`;
const TEXT = [
  'const WORDS = /^(a+)+$/;',
  '',
  'export function find(text) {',
  '  const found = search(text);',
  '  return WORDS.test(found);',
  '}',
  '',
  'const apiKey = "sk-1234567890abcdef";',
  `const long = "${'x'.repeat(400)}";`,
].join('\n');
const read = (file: string): string | null => (file === FILE ? TEXT : null);

const { cpuProfile } = profiled()
  .tool('find', 10)
  .spends(50, ['find@@src/tools.js:3'], { line: 5 })
  .spends(20, ['find@@src/tools.js:3', 'search@@src/search.js:1'], { line: 2 })
  .spends(30, ['find@@src/tools.js:3', 'boast@@src/tools.js:9'], { line: 9 })
  .evidence();

const quotedLines = (): Readonly<Record<number, string>> =>
  hotSources(cpuProfile, read).files[FILE]?.lines ?? {};

it('quotes hot lines with their neighbours, and the patterns they use by name', () => {
  const lines = quotedLines();
  expect(lines[5]).toBe('  return WORDS.test(found);');
  expect(lines[3]).toBe('export function find(text) {');
  expect(lines[1]).toBe('const WORDS = /^(a+)+$/;');
});

it('redacts secrets and cuts long lines', () => {
  const lines = quotedLines();
  expect(lines[8]).not.toContain('1234567890');
  expect(lines[9]).toHaveLength(301);
});

it('notes the line from which a hot function is called', () => {
  // V8 says where the parameters begin.
  const { calls } = hotSources(cpuProfile, read).files[FILE] ?? { calls: [] };
  expect(calls).toContainEqual({ line: 3, column: 5, callee: 'search', at: 4 });
});

it('leaves out files that cannot be read, and what no call spent', () => {
  expect(Object.keys(hotSources(cpuProfile, read).files)).toEqual([FILE]);
  expect(hotSources(cpuProfile, read).unread).toEqual([`${CWD}/src/search.js`]);
  expect(
    hotSources({ ...cpuProfile, sampleSubjects: cpuProfile.sampleSubjects.map(() => 0) }, read).files,
  ).toEqual({});
});
