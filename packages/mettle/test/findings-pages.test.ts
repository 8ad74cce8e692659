import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parse } from 'acorn';
import { expect, test } from 'vitest';
import { fixSketch } from '../src/report/fix-sketch.ts';
import type { SketchLine } from '../src/report/fix-sketch.ts';
import { detectors } from '../src/run/index.ts';

/*
 * The pages of docs/findings, whose fixes the HTML report shows as a diff: what they put in has to be code, and to call
 * what there is.
 */

const root = fileURLToPath(new URL('../../..', import.meta.url));
const folder = join(root, 'docs/findings');
const pages = readdirSync(folder).map((file) => basename(file, '.md'));
const readPage = (id: string): string => readFileSync(join(folder, `${id}.md`), 'utf8');

const sketches = new Map(pages.map((id) => [id, fixSketch(id, readPage)]));
const codeOf = (sketch: readonly SketchLine[], left: '+' | '-'): string =>
  sketch
    .filter(({ sign }) => sign === ' ' || sign === left)
    .map(({ text }) => text)
    .join('\n');
/** Those whose fix is code; the fix of the others is a command. */
const coded = [...sketches].filter(([, sketch]) => sketch.some(({ sign }) => sign === '+'));

test('every finding has a page, and each page shows its fix: what goes out and what comes in, or a command', () => {
  expect(detectors.map(({ id }) => id).filter((id) => !sketches.has(id))).toEqual([]);
  for (const [id, sketch] of sketches) {
    const signs = new Set(sketch.map(({ sign }) => sign));
    const whole = sketch.length > 0 && (signs.has('-') ? signs.has('+') : !signs.has('+'));
    expect(whole, `${id}: a block of code below "## Fix" that takes out and puts in, or commands`).toBe(true);
    // Of longer ones the report shows the beginning.
    expect(sketch.length, id).toBeLessThan(20);
  }
});

test('what goes out and what comes in is JavaScript', () => {
  for (const [id, sketch] of coded)
    for (const sign of ['-', '+'] as const) {
      const text = codeOf(sketch, sign);
      const read = (): unknown =>
        parse(text, { ecmaVersion: 'latest', sourceType: 'module', allowReturnOutsideFunction: true });
      expect(read, `${id}, ${sign === '-' ? 'before' : 'after'}:\n${text}`).not.toThrow();
    }
});

/** What an example leaves to the reader: names of theirs, their modules, the function that it stands in. */
const LEFT_TO_READER = new Set(['TS2304', 'TS2552', 'TS18004', 'TS2307', 'TS1108']);

test('what comes in type-checks: what it imports of @mettle/runtime and of Node.js exists and takes what it is given', () => {
  const entries = runtimeEntries();
  const wrong = "import { createLimit } from '@mettle/runtime';\ncreateLimit({ concurrency: 3 });\n";
  const checked = complaints([
    ...coded.map(([id, sketch]) => [id, codeOf(sketch, '+')] as const),
    ['an-option-that-is-none', wrong],
    ['a-name-that-is-not-imported', 'const last = ring(20);\n'],
  ]);
  const ofRuntime = new Set([...entries.values()].flat());
  const faults = checked.filter(
    ({ code, name }) => !LEFT_TO_READER.has(code) || (name !== null && ofRuntime.has(name)),
  );
  expect(faults.map(({ page, text }) => `${page}: ${text}`)).toEqual([
    expect.stringContaining('a-name-that-is-not-imported: '),
    expect.stringContaining('an-option-that-is-none: '),
  ]);
});

/** The names that each entry of the runtime exports as values, read from its declarations. */
function runtimeEntries(): ReadonlyMap<string, readonly string[]> {
  const { exports } = JSON.parse(readFileSync(join(root, 'packages/runtime/package.json'), 'utf8')) as {
    exports: Record<string, string | { types: string }>;
  };
  return new Map(
    Object.entries(exports).flatMap(([entry, target]) => {
      if (typeof target === 'string') return [];
      const text = readFileSync(join(root, 'packages/runtime', target.types), 'utf8');
      const names = [...text.matchAll(/^export \{([^}]*)\}/gm)].flatMap(([, list = '']) =>
        list.split(',').map((name) => name.trim()),
      );
      return [[entry, names] as const];
    }),
  );
}

interface Complaint {
  readonly page: string;
  readonly code: string;
  readonly text: string;
  /** Which name was not found; null when it says something else. */
  readonly name: string | null;
}

/** What tsc says against the codes, each a module of its own. */
function complaints(codes: readonly (readonly [string, string])[]): readonly Complaint[] {
  const work = mkdtempSync(join(tmpdir(), 'mettle-pages-'));
  try {
    for (const [id, code] of codes) writeFileSync(join(work, `${id}.js`), `${code}\nexport {};\n`);
    const compilerOptions = {
      allowJs: true,
      checkJs: true,
      noEmit: true,
      skipLibCheck: true,
      strict: false,
      target: 'es2023',
      lib: ['es2023'],
      module: 'nodenext',
      types: ['node'],
      typeRoots: [join(root, 'node_modules/@types')],
      paths: {
        '@mettle/runtime': [join(root, 'packages/runtime/dist/index.d.ts')],
        '@mettle/runtime/*': [join(root, 'packages/runtime/dist/*/index.d.ts')],
      },
    };
    writeFileSync(join(work, 'package.json'), JSON.stringify({ type: 'module' }));
    writeFileSync(join(work, 'tsconfig.json'), JSON.stringify({ compilerOptions, include: ['*.js'] }));
    const tsc = join(root, 'node_modules/typescript/bin/tsc');
    const { stdout } = spawnSync(process.execPath, [tsc, '-p', work, '--pretty', 'false'], {
      cwd: work,
      encoding: 'utf8',
    });
    return stdout.split('\n').flatMap((line) => {
      const said = /^([\w-]+)\.js\(.*?\): error (TS\d+): (.*)$/.exec(line);
      if (said === null) return [];
      const [, page = '', code = '', text = ''] = said;
      return [{ page, code, text, name: /^Cannot find name '(\w+)'/.exec(text)?.[1] ?? null }];
    });
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}
