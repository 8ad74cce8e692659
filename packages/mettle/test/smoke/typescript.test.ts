import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Result } from '../../src/evidence/index.ts';
import { TEST_NODE } from '../agent/target.ts';
import { examine } from './examination.ts';
import { expectTruthful } from './truthful.ts';

/*
 * One server in TypeScript, sick and healthy, as people run such servers. What ran is never what they wrote, and
 * findings name what they wrote.
 */

const SERVER = fileURLToPath(new URL('../run/fixtures/typescript', import.meta.url));
const MODULES = fileURLToPath(new URL('../../../../node_modules', import.meta.url));
const TSC = join(MODULES, 'typescript/bin/tsc');

let folder = '';
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'mettle-typescript-'));
  cpSync(SERVER, join(folder, 'src'), { recursive: true });
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  symlinkSync(MODULES, join(folder, 'node_modules'), 'junction');
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The line of each ailment, as the sources mark them: `ailment file.ts:line`. */
function ailments(): readonly string[] {
  return readdirSync(SERVER).flatMap((file) =>
    readFileSync(join(SERVER, file), 'utf8')
      .split('\n')
      .flatMap((text, i) => {
        const id = /\/\/ ailment: ([\w-]+)/.exec(text)?.[1];
        return id === undefined ? [] : [`${id} ${file}:${i + 1}`];
      }),
  );
}

function places(result: Result): readonly string[] {
  return result.findings.map(({ id, location }) =>
    location === undefined ? id : `${id} ${basename(location.file)}:${location.line}`,
  );
}

const OPTIONS =
  '--ignoreConfig --outDir compiled --rootDir src --sourceMap --target es2022 --module nodenext --rewriteRelativeImportExtensions --skipLibCheck --types node';

function compile(): void {
  const run = spawnSync(process.execPath, [TSC, ...OPTIONS.split(' '), 'src/sick.ts', 'src/healthy.ts'], {
    cwd: folder,
    encoding: 'utf8',
  });
  if (run.status !== 0) throw new Error(run.stdout);
}

/** Minified, with all dependencies. `external`: beside the script, which does not name it. */
async function bundle(sourcemap: 'linked' | 'inline' | 'external'): Promise<void> {
  mkdirSync(join(folder, sourcemap), { recursive: true });
  await build({
    entryPoints: [join(folder, 'src/sick.ts'), join(folder, 'src/healthy.ts')],
    outdir: join(folder, sourcemap),
    bundle: true,
    minify: true,
    platform: 'node',
    format: 'esm',
    sourcemap,
    // Its CommonJS dependencies require Node's modules.
    banner: {
      js: 'import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);',
    },
    logLevel: 'silent',
  });
}

const stripsTypes =
  spawnSync(TEST_NODE, ['-e', 'process.exit(process.features.typescript ? 0 : 1)']).status === 0;

interface Way {
  readonly name: string;
  readonly make?: () => unknown;
  readonly words: (server: string) => readonly string[];
  readonly skip?: boolean;
}
/** `npm run smoke` tries every way; `npm test` has time for the one that is furthest from what was written. */
const everyWay = process.env['METTLE_SMOKE'] === 'all';
const WAYS: readonly Way[] = [
  {
    name: 'compiled by tsc',
    make: compile,
    words: (server) => [`compiled/${server}.js`],
    skip: !everyWay,
  },
  {
    name: 'bundled and minified, the map beside it',
    make: () => bundle('linked'),
    words: (server) => [`linked/${server}.js`],
  },
  {
    name: 'bundled and minified, the map within',
    make: () => bundle('inline'),
    words: (server) => [`inline/${server}.js`],
    skip: !everyWay,
  },
  { name: 'through tsx', words: (server) => ['--import', 'tsx', `src/${server}.ts`], skip: !everyWay },
  {
    name: "by Node's own type stripping",
    words: (server) => [`src/${server}.ts`],
    skip: !everyWay || !stripsTypes,
  },
];

describe.each(WAYS)('a TypeScript server $name', ({ make, words, skip = false }) => {
  beforeAll(async () => {
    await make?.();
  });

  test.skipIf(skip)('is judged at the lines that its author wrote', async () => {
    const command = [TEST_NODE, ...words('sick')];
    const ofCpu = ailments().filter((place) => !place.startsWith('serialised'));
    const profiled = await examine({ examination: 'profile', command, cwd: folder, budgetSeconds: 10 });
    expect(places(profiled.result)).toEqual(expect.arrayContaining([...ofCpu]));
    for (const { location } of profiled.result.findings) expect(location?.file).toMatch(/\/src\/\w+\.ts$/);
    // The places that the other examinations tell come by the same maps.
    if (!everyWay) return;
    const examination = await examine({ command, cwd: folder, budgetSeconds: 30 });
    expectTruthful(examination);
    expect(places(examination.result)).toEqual(expect.arrayContaining([...ailments()]));
    for (const { location } of examination.result.findings) expect(location?.file).toMatch(/\/src\/\w+\.ts$/);
  });

  // `npm test` has healthy twins of other kinds.
  test.skipIf(skip || !everyWay)('is clear when it is well', async () => {
    const examination = await examine({
      command: [TEST_NODE, ...words('healthy')],
      cwd: folder,
      budgetSeconds: 15,
    });
    expectTruthful(examination);
    expect(places(examination.result)).toEqual([]);
  });
});
