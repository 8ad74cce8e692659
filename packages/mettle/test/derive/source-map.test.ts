import { describe, expect, it } from 'vitest';
import { openSourceMap } from '../../src/derive/source-map.ts';
import { SERVER_FOLDER } from '../builders/cpu-profile.ts';

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
      file: `${SERVER_FOLDER}/src/server.ts`,
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

  it('gives Windows paths as such', () => {
    const built = {
      version: 3,
      sources: ['../src/a b.ts', 'https://cdn.example/c.ts'],
      names: [],
      mappings: 'AAAA,CCAA',
    };
    const opened = openSourceMap(built, 'file:///C:/shop/dist/a.js.map');
    expect(opened?.sources.map(({ file }) => file)).toEqual([
      'C:/shop/src/a b.ts',
      'https://cdn.example/c.ts',
    ]);
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
