import { transformSync } from 'esbuild';
import { describe, expect, it } from 'vitest';
import { readGeneratedCode } from '../../src/derive/generated-code.ts';
import { placeFrame, placeProfile, placeStacks } from '../../src/derive/original-places.ts';
import type { MappedScript, PlacedProfile } from '../../src/derive/original-places.ts';
import { openSourceMap } from '../../src/derive/source-map.ts';
import type { CpuProfileEvidence } from '../../src/evidence/index.ts';
import { SERVER_FOLDER } from '../builders/cpu-profile.ts';

const FILE = `${SERVER_FOLDER}/src/tools.ts`;
const SCRIPT = `file://${SERVER_FOLDER}/dist/tools.js`;

/** What esbuild makes of a TypeScript file, in one line. */
function minified(lines: readonly string[]): { readonly code: string; readonly script: MappedScript } {
  const { code, map } = transformSync(lines.join('\n'), {
    loader: 'ts',
    minify: true,
    sourcemap: true,
    sourcefile: '../src/tools.ts',
  });
  const opened = openSourceMap(map, SCRIPT);
  if (opened === null) throw new Error('esbuild writes good maps');
  return { code, script: { map: opened, code: () => readGeneratedCode(code) } };
}

/** A profile of one function, which begins at the first parenthesis after `name`, with all its time on the one line. */
function profileIn(code: string, name: string, functionName: string): CpuProfileEvidence['profile'] {
  const columnNumber = code.indexOf('(', code.indexOf(name));
  return {
    nodes: [
      {
        id: 7,
        callFrame: { functionName, scriptId: '1', url: SCRIPT, lineNumber: 0, columnNumber },
        positionTicks: [{ line: 1, ticks: 40 }],
      },
    ],
    startTime: 0,
    endTime: 1,
    samples: [7],
    timeDeltas: [1],
  };
}

function placed(lines: readonly string[]): PlacedProfile {
  const { code, script } = minified(lines);
  const [, short = ''] = /function (\w+)\(/.exec(code) ?? [];
  return placeProfile(
    profileIn(code, `function ${short}`, short),
    () => script,
    () => lines.join('\n'),
  );
}

describe('a function of minified code', () => {
  it('has its file, line and name again, and its time at its only costly call', () => {
    const { profile, inferred, unplaced } = placed([
      'type Item = { id: number };',
      '',
      'function readItems(text: string): Item[] {',
      '  const kept: Item[] = [];',
      '  const items = JSON.parse(text) as Item[];',
      '  kept.push(...items);',
      '  return kept;',
      '}',
      'export default [1].map(() => readItems("[]"));',
    ]);
    expect(profile.nodes[0]).toMatchObject({
      callFrame: { functionName: 'readItems', url: `file://${FILE}`, lineNumber: 2 },
      positionTicks: [{ line: 5, ticks: 40 }],
    });
    expect({ inferred, unplaced }).toEqual({ inferred: [7], unplaced: [] });
  });

  it.each([
    ['two costly calls', '  const copy = JSON.stringify(items);', '  return copy.length;'],
    ['a loop beside the call', '  let n = 0;', '  for (const item of items) n += item; return n;'],
    ['another call that may be long', '  const sorted = items.sort();', '  return sorted[0];'],
  ])('has no line when it has %s: nobody can tell', (_what, ...rest) => {
    const { profile, inferred, unplaced } = placed([
      'function work(text: string): number {',
      '  const items = JSON.parse(text) as number[];',
      ...rest,
      '}',
      'export default work;',
    ]);
    expect(profile.nodes[0]?.positionTicks).toEqual([]);
    expect({ inferred, unplaced }).toEqual({ inferred: [], unplaced: [7] });
  });

  it('keeps its time at its beginning when it calls nothing costly itself', () => {
    const { profile, inferred, unplaced } = placed([
      '// Adds up.',
      'function work(n: number): number {',
      '  let sum = 0;',
      '  for (let i = 0; i < n; i++) sum += [i].map((one) => JSON.parse(`${one}`) as number)[0] ?? 0;',
      '  return sum;',
      '}',
      'export default work;',
    ]);
    expect(profile.nodes[0]).toMatchObject({
      callFrame: { lineNumber: 1 },
      positionTicks: [{ line: 2, ticks: 40 }],
    });
    expect({ inferred, unplaced }).toEqual({ inferred: [], unplaced: [] });
  });

  it('stays where it is when the map knows nothing of it', () => {
    const { script } = minified(['export const a: number = 1;']);
    const profile = profileIn('x', 'x', 'x');
    const away = {
      ...profile,
      nodes: profile.nodes.map((node) => ({ ...node, callFrame: { ...node.callFrame, lineNumber: 40 } })),
    };
    expect(
      placeProfile(
        away,
        () => script,
        () => null,
      ).profile.nodes,
    ).toEqual(away.nodes);
  });
});

describe('a stack in minified code', () => {
  it('has the lines and the names that were written, everywhere in the evidence', () => {
    const lines = [
      'let last: Promise<void> = Promise.resolve();',
      'export async function reserveInTurn(): Promise<void> {',
      '  await last;',
      '  last = Promise.resolve();',
      '}',
    ];
    const { code, script } = minified(lines);
    const short = /async function (\w+)\(/.exec(code)?.[1] ?? '';
    const frame = {
      function: `async ${short}`,
      file: `${SERVER_FOLDER}/dist/tools.js`,
      line: 1,
      column: code.indexOf('await') + 1,
    };
    const evidence = { subjects: [{ waits: [{ count: 3, stack: [frame] }] }], text: 'as it was' };
    expect(placeStacks(evidence, (one) => placeFrame(one, script))).toEqual({
      subjects: [
        {
          waits: [{ count: 3, stack: [{ function: 'async reserveInTurn', file: FILE, line: 3, column: 3 }] }],
        },
      ],
      text: 'as it was',
    });
    expect(placeFrame(frame, null)).toBe(frame);
  });
});

describe('a generated script', () => {
  it.each([
    ['function f(){}', 'f(', 11],
    ['const g=function(){}', 'function(', 17],
    ['const h=(a=(1))=>a', '(a=', 9],
    ['const o={m(){}}', 'm(', 11],
    ['class C{#p(){}}', '#p(', 11],
  ])('%s begins where V8 says', (text, around, column) => {
    const at = text.indexOf(around) + around.length;
    expect(readGeneratedCode(text)?.functionAround({ line: 1, column: at })?.begin).toEqual({
      line: 1,
      column,
    });
  });

  it('is nothing when it cannot be parsed', () => {
    expect(readGeneratedCode('const = ;')).toBeNull();
    // With statements and octal numbers are no modules, but scripts.
    expect(readGeneratedCode('with(a){010}')).not.toBeNull();
  });
});
