import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { transformSync } from 'esbuild';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ScriptsAnswer, WantedScripts } from '../../src/agent/protocol.ts';
import type { CpuProfileEvidence } from '../../src/evidence/index.ts';
import { SourceLibrary } from '../../src/run/source-library.ts';
import { sourceReader } from '../../src/run/source-reader.ts';

const WRITTEN = [
  'interface Order { readonly id: number }',
  '',
  'export function readOrders(text: string): readonly Order[] {',
  '  return JSON.parse(text) as readonly Order[];',
  '}',
  '',
].join('\n');

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'mettle-sources-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function write(file: string, text: string): string {
  const path = join(folder, file);
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, text);
  return path;
}

/** What esbuild makes of the source: `dist/orders.js`, with or without what the source says in the map. */
function compiled(sourcesContent = true): { readonly code: string; readonly map: string } {
  return transformSync(WRITTEN, {
    loader: 'ts',
    sourcemap: true,
    sourcesContent,
    sourcefile: '../src/orders.ts',
  });
}

/** A profile with `readOrders` as V8 saw it in `code`. */
function profileOf(code: string, path: string, scriptId = '9'): CpuProfileEvidence['profile'] {
  const before = code.slice(0, code.indexOf('(', code.indexOf('readOrders')));
  return {
    nodes: [
      {
        id: 2,
        callFrame: {
          functionName: 'readOrders',
          scriptId,
          url: path.includes('://') ? path : pathToFileURL(path).href,
          lineNumber: before.split('\n').length - 1,
          columnNumber: before.length - before.lastIndexOf('\n') - 1,
        },
        positionTicks: [{ line: before.split('\n').length + 1, ticks: 3 }],
      },
    ],
    startTime: 0,
    endTime: 1,
    samples: [2],
    timeDeltas: [1],
  };
}

const here = (): SourceLibrary => new SourceLibrary({ cwd: folder, packages: [] });

/** Where the function is said to be. */
async function placeOf(
  library: SourceLibrary,
  profile: CpuProfileEvidence['profile'],
  fetch: ((wanted: WantedScripts) => Promise<ScriptsAnswer | null>) | null = null,
): Promise<string> {
  await library.learnProfile(profile, fetch);
  const [node] = library.placeProfile(profile).profile.nodes;
  return `${node?.callFrame.url.replace(pathToFileURL(folder).href, '').replace(folder, '')}:${(node?.callFrame.lineNumber ?? 0) + 1}`;
}

/** Nobody is to be asked. */
const noFetch = (): Promise<null> => Promise.reject(new Error('asked for what is on disk'));

describe('the source map of a script', () => {
  const inline = (map: string): string =>
    `//# sourceMappingURL=data:application/json;base64,${Buffer.from(map).toString('base64')}`;

  it.each([
    ['in the file that it names', '//# sourceMappingURL=orders.js.map', true],
    ['beside it', '', true],
    ['within it', null, false],
  ])('is found %s, without asking the server', async (_where, comment, asFile) => {
    const { code, map } = compiled();
    const path = write('dist/orders.js', code + (comment ?? inline(map)));
    if (asFile) write('dist/orders.js.map', map);
    const library = here();
    expect(await placeOf(library, profileOf(code, path), noFetch)).toBe('/src/orders.ts:3');
    expect(library.textOf(join(folder, 'src/orders.ts'))).toBe(WRITTEN);
    expect(library.notes()).toEqual([]);
  });

  it.each<[string, string, string, RegExp]>([
    [
      'missing',
      '//# sourceMappingURL=gone.js.map',
      '',
      /dist\/orders\.js: its source map gone\.js\.map is missing/,
    ],
    ['damaged', '//# sourceMappingURL=orders.js.map', '{"version":3,"sou', /is damaged/],
    ['of another build', '//# sourceMappingURL=orders.js.map', 'OTHER', /belongs to another build/],
    ['elsewhere', '//# sourceMappingURL=https://maps.invalid/o.map', '', /is not on this machine/],
    ['no text', '//# sourceMappingURL=data:application/json,%E0%A4%A', '', /cannot be decoded/],
    ['a folder', '//# sourceMappingURL=.', '', /missing/],
  ])('that is %s is said once, and places stay those of the script', async (_how, comment, text, note) => {
    const { code } = compiled();
    const path = write('dist/orders.js', code + comment);
    const other = transformSync(`${'\n'.repeat(9)}${WRITTEN}`.repeat(3).replaceAll('export ', ''), {
      sourcemap: true,
      loader: 'ts',
    });
    if (text !== '') write('dist/orders.js.map', text === 'OTHER' ? other.map : text);
    const library = here();
    expect(await placeOf(library, profileOf(code, path))).toMatch(/^\/dist\/orders\.js:\d$/);
    expect(await placeOf(library, profileOf(code, path, '10'))).toMatch(/^\/dist\/orders\.js:\d$/);
    expect(library.notes()).toEqual([expect.stringMatching(note)]);
    expect(library.textOf(path)).toBe(readFileSync(path, 'utf8'));
  });

  it('is no map when the script only writes such comments into others, as loaders do', async () => {
    const { code } = compiled();
    const text = `${code}const put = (map) => \`\n//# sourceMappingURL=data:application/json;base64,\${map}\`;\nput(1);\n`;
    const path = write('dist/orders.js', text);
    const library = here();
    expect(await placeOf(library, profileOf(text, path))).toMatch(/^\/dist/);
    expect(library.notes()).toEqual([]);
  });

  it('may name any file, of which only source code is read', async () => {
    const { code, map } = compiled(false);
    const secret = write('id_rsa', 'PRIVATE\n'.repeat(9));
    const path = write('dist/orders.js', code);
    write('dist/orders.js.map', map.replace('../src/orders.ts', '../id_rsa'));
    const library = here();
    expect(await placeOf(library, profileOf(code, path))).toBe('/id_rsa:3');
    expect(library.textOf(secret)).not.toContain('PRIVATE');
    expect(sourceReader()(secret)).toBeNull();
  });

  it('whose sources are gone leaves the compiled lines, which tell what they call', async () => {
    const { code, map } = compiled(false);
    const path = write('dist/orders.js', code);
    write('dist/orders.js.map', map);
    const library = here();
    expect(await placeOf(library, profileOf(code, path))).toBe('/src/orders.ts:3');
    expect(library.textOf(join(folder, 'src/orders.ts'))?.split('\n')[3]).toContain('JSON.parse(text)');
  });

  it("of a bundler's own naming is taken relative to the server's folder, where the file is there", async () => {
    const { code, map } = compiled(false);
    const path = write('dist/orders.js', code);
    write('dist/orders.js.map', map.replace('../src/orders.ts', 'webpack://shop/./src/orders.ts'));
    expect(await placeOf(here(), profileOf(code, path))).toBe('webpack://shop/src/orders.ts:3');
    write('src/orders.ts', WRITTEN);
    expect(await placeOf(here(), profileOf(code, path))).toBe('/src/orders.ts:3');
  });

  it('that a minified script lacks is missed', async () => {
    const code = `function readOrders(t){return JSON.parse(t)}${'f();'.repeat(400)}`;
    const path = write('dist/orders.js', code);
    const library = here();
    await placeOf(library, profileOf(code, path));
    expect(library.notes()).toEqual([
      expect.stringMatching(/^dist\/orders\.js: generated code without a source map/),
    ]);
  });

  it('of a dependency is left alone: it is known by what it was published with', async () => {
    const { code, map } = compiled();
    const path = write('node_modules/orders/dist/orders.js', code + inline(map));
    expect(await placeOf(here(), profileOf(code, path))).toMatch(/^\/node_modules\/orders\/dist\/orders\.js/);
  });
});

describe('a script that is not what is on disk', () => {
  const answer =
    (text: string, asked: WantedScripts[] = []) =>
    async (wanted: WantedScripts): Promise<ScriptsAnswer> => {
      asked.push(wanted);
      return { scripts: [{ scriptId: '9', url: '', text }], omitted: 0 };
    };

  it('is asked for, and mapped by the map that its loader put in', async () => {
    const path = write('src/orders.ts', WRITTEN);
    const { code } = transformSync(WRITTEN, {
      loader: 'ts',
      minifyWhitespace: true,
      sourcemap: 'inline',
      sourcesContent: false,
      sourcefile: path,
    });
    const asked: WantedScripts[] = [];
    const library = here();
    expect(await placeOf(library, profileOf(code, path), answer(code, asked))).toBe('/src/orders.ts:3');
    expect(asked).toEqual([{ scriptIds: ['9'], urls: [] }]);
    expect(library.textOf(path)).toBe(WRITTEN);
  });

  it('is read from disk when only its types were blanked', async () => {
    const path = write('src/orders.ts', WRITTEN);
    const blanked = `${WRITTEN.replaceAll(/interface.*|: string|: readonly Order\[\]|as readonly Order\[\]/g, (types) => ' '.repeat(types.length))}\n\n//# sourceURL=${pathToFileURL(path).href}`;
    const library = here();
    expect(await placeOf(library, profileOf(blanked, path), answer(blanked))).toBe('/src/orders.ts:3');
    expect(library.textOf(path)).toBe(WRITTEN);
  });

  it('and has no map is read as it ran', async () => {
    const path = write('src/orders.js', 'readOrders');
    const ran = '/* instrumented */\n\nfunction readOrders(text) {\n  return JSON.parse(text);\n}\n';
    const library = here();
    expect(await placeOf(library, profileOf(ran, path), answer(ran))).toBe('/src/orders.js:3');
    expect(library.textOf(path)).toBe(ran);
  });

  it('and cannot be had leaves everything as it is', async () => {
    const path = write('src/orders.js', 'x');
    const profile = profileOf('\n\nfunction readOrders(text) {}', path);
    expect(await placeOf(here(), profile, async () => null)).toBe('/src/orders.js:3');
    expect(await placeOf(here(), profile)).toBe('/src/orders.js:3');
  });
});

it('a report made elsewhere shows the lines that the bundle has', () => {
  const file = join(folder, 'src/orders.ts');
  const read = sourceReader({
    files: { [file]: { lines: { 3: 'three', 4: 'four' }, calls: [] } },
    unread: [],
  });
  expect(read(file)?.split('\n')).toEqual(['', '', 'three', 'four']);
  expect(read(join(folder, 'other.ts'))).toBeNull();
});
