import { describe, expect, it } from 'vitest';
import { openSourceMap, remapProfile } from '../../src/derive/source-map.ts';
import { profileOf, SERVER_FOLDER } from '../builders/cpu-profile.ts';

const SCRIPT = `file://${SERVER_FOLDER}/dist/server.js`;
/*
 * Line 1: `const h=(a)=>…` made of `handler` in src/server.ts, line 10. Line 3: indented, made of line 12.
 * Segments: generated column, source, original line, original column, name.
 */
const MAP = {
  version: 3 as const,
  sources: ['../src/server.ts', '../src/other.ts'],
  sourceRoot: '',
  names: ['handler', 'args'],
  mappings: [
    [
      [0, 0, 9, 0],
      [6, 0, 9, 6, 0],
      [9, 0, 9, 16, 1],
    ],
    [],
    [
      [4, 0, 11, 2],
      [20, 1, 0, 0],
    ],
  ],
};

describe('a source map', () => {
  const map = openSourceMap(MAP, SCRIPT);

  it('gives the original position, its file resolved against the map', () => {
    expect(map?.originalPosition({ line: 1, column: 9 })).toEqual({
      file: `file://${SERVER_FOLDER}/src/server.ts`,
      line: 10,
      column: 7,
    });
  });

  it('gives the first mapping of a line when only the line is known', () => {
    expect(map?.originalPosition({ line: 3, column: 1 })).toMatchObject({ line: 12, column: 3 });
  });

  it('gives nothing for lines that it does not know', () => {
    expect(map?.originalPosition({ line: 2, column: 1 })).toBeNull();
    expect(map?.originalPosition({ line: 0, column: 0 })).toBeNull();
    expect(map?.originalPosition({ line: 900, column: 1 })).toBeNull();
  });

  it('gives the name a function had, but only if the token before it is its name', () => {
    // `h` stands at column 7, the function begins at 9.
    expect(map?.originalName({ line: 1, column: 9 }, 'h')).toBe('handler');
    expect(map?.originalName({ line: 1, column: 9 }, 'longName')).toBeNull();
    expect(map?.originalName({ line: 1, column: 9 }, '')).toBeNull();
    // The parameter that begins where an arrow function begins is not its name.
    expect(map?.originalName({ line: 1, column: 10 }, 'x')).not.toBe('args');
  });

  it('may be text, encoded, or in sections', () => {
    const encoded = { version: 3, sources: ['a.ts'], names: [], mappings: 'AACA' };
    expect(
      openSourceMap(JSON.stringify(encoded), '/x/a.js')?.originalPosition({ line: 1, column: 1 }),
    ).toEqual({ file: '/x/a.ts', line: 2, column: 1 });
    const sections = { version: 3, sections: [{ offset: { line: 4, column: 0 }, map: encoded }] };
    expect(openSourceMap(sections, '/x/a.js')?.originalPosition({ line: 5, column: 1 })?.line).toBe(2);
  });

  it.each([
    ['no JSON', '{'],
    ['no map', 'null'],
    ['nothing in it', {}],
    ['broken mappings', { version: 3, sources: [], names: [], mappings: 17 }],
  ])('is null when it is %s', (_what, raw) => {
    expect(openSourceMap(raw, SCRIPT)).toBeNull();
  });
});

describe('a remapped profile', () => {
  const evidence = profileOf([['t', ['h@@dist/server.js:1', 'other@@lib/plain.js:5'], [10]]]);
  const [root, h, other] = evidence.profile.nodes;
  if (root === undefined || h === undefined || other === undefined) throw new Error('three nodes');
  const minified = {
    ...h,
    callFrame: { ...h.callFrame, columnNumber: 8 },
    positionTicks: [
      { line: 1, ticks: 2 },
      { line: 3, ticks: 5 },
      { line: 2, ticks: 1 },
    ],
  };
  const profile = { ...evidence.profile, nodes: [root, minified, other] };

  it('has the original name, file and lines; ticks of lines that no map knows are left out', () => {
    const remapped = remapProfile(profile, new Map([[SCRIPT, MAP]]));
    expect(remapped.nodes[1]).toMatchObject({
      id: h.id,
      callFrame: {
        functionName: 'handler',
        url: `file://${SERVER_FOLDER}/src/server.ts`,
        lineNumber: 9,
        columnNumber: 6,
      },
      positionTicks: [
        { line: 10, ticks: 2 },
        { line: 12, ticks: 5 },
      ],
    });
    expect(remapped.samples).toBe(profile.samples);
  });

  it("leaves the top level of a bundle where it is: it is no one file's", () => {
    const top = { ...h, callFrame: { ...h.callFrame, functionName: '', lineNumber: 0, columnNumber: 0 } };
    expect(remapProfile({ ...profile, nodes: [top] }, new Map([[SCRIPT, MAP]])).nodes).toEqual([top]);
    const one = { version: 3, sources: ['../src/server.ts'], names: [], mappings: 'AACA' };
    expect(
      remapProfile({ ...profile, nodes: [top] }, new Map([[SCRIPT, one]])).nodes[0]?.callFrame.url,
    ).toMatch(/src\/server\.ts$/);
  });

  it('is as it was where there is no map, or a broken one', () => {
    expect(remapProfile(profile, new Map([[SCRIPT, MAP]])).nodes[2]).toBe(other);
    expect(remapProfile(profile, new Map([[SCRIPT, 'nonsense']])).nodes).toEqual(profile.nodes);
  });
});
