import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { importsOf } from './imports.ts';

const folder = mkdtempSync(join(tmpdir(), 'mettle-imports-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function parsed(text: string): readonly (readonly [number, string, string, boolean])[] {
  writeFileSync(join(folder, 'sample.ts'), text);
  return importsOf(folder, 'sample.ts').map(({ line, target, names, typeOnly }) => [
    line,
    target,
    names,
    typeOnly,
  ]);
}

test('finds every form of import, over several lines too, and tells types from values', () => {
  const text = [
    "import a, { b } from 'package';",
    'import type {',
    '  C,',
    "} from '../evidence/index.ts';",
    "import { type D, type E as F } from './types.ts';",
    "import { type G, h } from './both.ts';",
    "export * from './all.ts';",
    "export type { I } from './more-types.ts';",
    "import './bare.ts';",
    "const lazy = await import('node:inspector');",
    "const place = import.meta.resolve('./agent.js');",
  ].join('\n');
  expect(parsed(text)).toEqual([
    [1, 'package', 'a, { b }', false],
    [2, '../evidence/index.ts', '{ C, }', true],
    [5, 'types.ts', '{ type D, type E as F }', true],
    [6, 'both.ts', '{ type G, h }', false],
    [7, 'all.ts', '*', false],
    [8, 'more-types.ts', '{ I }', true],
    [9, 'bare.ts', '', false],
    [10, 'node:inspector', '', false],
    [11, 'agent.js', '', false],
  ]);
});

test('leaves out comments, and keeps what follows a string with slashes', () => {
  const text = [
    "// import x from 'commented';",
    "/* import y from 'blocked';",
    "*/ const url = 'https://example.test'; const z = import('kept');",
  ].join('\n');
  expect(parsed(text)).toEqual([[3, 'kept', '', false]]);
});
