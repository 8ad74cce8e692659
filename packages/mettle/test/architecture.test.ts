import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { codeOf, filesBelow, importsOf } from './imports.ts';
import type { Import } from './imports.ts';

/*
 * The house as docs/ARCHITECTURE.md draws it, held by tests. Change a table here only with a reason in
 * docs/decisions.
 */

const repository = fileURLToPath(new URL('../../..', import.meta.url));
const mettle = join(repository, 'packages/mettle');

/** Who may import whom, type-only imports included; every layer may import itself. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  evidence: [],
  stats: [],
  derive: ['evidence', 'stats'],
  detect: ['evidence', 'stats', 'derive'],
  report: ['evidence', 'derive'],
  session: ['evidence'],
  agent: ['evidence'],
  load: ['evidence', 'stats', 'session'],
  collect: ['evidence', 'session', 'agent'],
  explore: ['evidence', 'stats', 'session', 'agent', 'collect'],
  watch: ['evidence', 'stats', 'session', 'report'],
  run: ['evidence', 'stats', 'derive', 'detect', 'session', 'agent', 'load', 'collect', 'explore'],
  record: ['evidence', 'session'],
  mcp: ['evidence'],
  init: ['evidence', 'session', 'load'],
  cli: ['evidence', 'run', 'report', 'watch', 'record', 'mcp', 'init'],
  /** src/*.ts: the programmatic API. */
  '': [
    'evidence',
    'stats',
    'derive',
    'detect',
    'report',
    'session',
    'load',
    'collect',
    'explore',
    'run',
    'watch',
  ],
};

/** Layers that only reckon: the same bundle gives the same answer on any machine, at any time. */
const PURE = ['evidence', 'stats', 'derive', 'detect', 'report'];
/** What they may use of Node.js, and which names of it (null = all): nothing that looks at the world. */
const PURE_BUILTINS: Readonly<Record<string, readonly string[] | null>> = {
  'node:path/posix': null,
  'node:path': ['basename', 'dirname', 'extname', 'isAbsolute', 'normalize', 'posix', 'relative', 'sep'],
  'node:crypto': ['createHash'],
  'node:buffer': ['Buffer'],
  'node:util': ['stripVTControlCharacters'],
  'node:url': ['fileURLToPath', 'pathToFileURL'],
  'node:zlib': ['deflateRawSync', 'deflateSync', 'gzipSync', 'inflateSync'],
};

/** Names that say nothing about what is inside. */
const EMPTY_NAMES = /^(utils?|common|helpers?|core|shared|lib|misc|managers?)$/i;

const sources = filesBelow(mettle, 'src', '.ts');
const imports = sources.flatMap((file) => importsOf(mettle, file));

/** The layer of a path such as `src/detect/index.ts`; '' for files directly in src. */
function layerOf(path: string): string {
  return /^src\/([^/]+)\//.exec(path)?.[1] ?? '';
}

function described(offences: readonly Import[]): readonly string[] {
  return offences.map(({ from, line, target }) => `${from}:${line} imports ${target}`);
}

describe('layers', () => {
  test('every folder of src is a layer of the table', () => {
    const folders = readdirSync(join(mettle, 'src'), { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    expect(folders.map(({ name }) => name).filter((name) => !(name in MAY_IMPORT))).toEqual([]);
  });

  test('a layer imports only the layers that the table allows it', () => {
    const offences = imports.filter(({ from, target }) => {
      if (!target.startsWith('src/')) return false;
      const [layer, other] = [layerOf(from), layerOf(target)];
      return layer !== other && MAY_IMPORT[layer]?.includes(other) !== true;
    });
    expect(described(offences)).toEqual([]);
  });

  test('sources import no tests, no build output and nothing outside their package', () => {
    const offences = imports.filter(({ target }) => /^(\.\.|test\/|dist\/|bin\/)/.test(target));
    expect(described(offences).filter((offence) => !offence.includes('package.json'))).toEqual([]);
  });

  test('evidence, statistics, derivation, detectors and reports look at nothing but their input', () => {
    const offences = imports.filter(({ from, target, names }) => {
      if (!PURE.includes(layerOf(from)) || !target.startsWith('node:')) return false;
      if (!(target in PURE_BUILTINS)) return true;
      const allowed = PURE_BUILTINS[target];
      return allowed != null && !namesIn(names).every((name) => allowed.includes(name));
    });
    expect(described(offences)).toEqual([]);
  });

  test('the agent, which runs in strangers’ processes, brings nothing along but types', () => {
    const agentImports = imports.filter(({ from }) => layerOf(from) === 'agent');
    const packages = agentImports.filter(
      ({ target }) => !target.startsWith('node:') && !target.startsWith('src/'),
    );
    expect(described(packages)).toEqual([]);
    const values = agentImports.filter(
      ({ target, typeOnly }) => target.startsWith('src/evidence/') && !typeOnly,
    );
    expect(described(values)).toEqual([]);
  });

  test('runtime, which goes into production servers, never imports mettle', () => {
    const runtime = join(repository, 'packages/runtime');
    const offences = filesBelow(runtime, 'src', '.ts')
      .flatMap((file) => importsOf(runtime, file))
      .filter(({ target }) => target === 'mettle' || target.startsWith('mettle/') || target.startsWith('..'));
    expect(described(offences)).toEqual([]);
  });
});

describe('the world outside', () => {
  test('only the command line touches the process’s exit, output and arguments', () => {
    // The agent, and the program that serves a --module target, run in the target's process: the exit, the stdout
    // and the arguments are the target's.
    // The yardstick is a target itself.
    const inTarget = /^src\/agent\/|^src\/session\/(module-|yardstick-server)/;
    const offences = sources
      .filter((file) => layerOf(file) !== 'cli' && !inTarget.test(file))
      .flatMap((file) => linesWith(file, /(?<!\.)\bprocess\.(exit|exitCode|stdout|argv)\b|\bconsole\.\w+\(/));
    expect(offences).toEqual([]);
  });

  test('the agent never writes to the console', () => {
    const agent = sources.filter((file) => layerOf(file) === 'agent');
    expect(agent.flatMap((file) => linesWith(file, /\bconsole\.\w+\(/))).toEqual([]);
  });
});

describe('names and sizes', () => {
  const written = ['packages', 'scripts', 'bench', 'docs']
    .flatMap((folder) => filesBelow(repository, folder, ''))
    .filter((file) => !file.includes('/.'));

  test('no file or folder has a name without meaning', () => {
    const offences = written.filter((file) =>
      file.split('/').some((part) => EMPTY_NAMES.test(part.replace(/(\.test)?\.\w+$/, ''))),
    );
    expect(offences).toEqual([]);
  });

  test('no source file is longer than 300 lines', () => {
    const code = written.filter((file) =>
      /^packages\/[^/]+\/src\/.*\.ts$|^scripts\/|^packages\/sick-servers\/.*\.js$/.test(file),
    );
    const long = code
      .map((file) => ({ file, lines: readFileSync(join(repository, file), 'utf8').split('\n').length - 1 }))
      .filter(({ lines }) => lines > 300);
    expect(long).toEqual([]);
  });
});

describe('detectors', () => {
  const detectors = filesBelow(mettle, 'src/detect/detectors', '.ts').map((file) => basename(file, '.ts'));
  const listed = existsSync(join(mettle, 'src/detect/index.ts'))
    ? importsOf(mettle, 'src/detect/index.ts').map(({ target }) => target)
    : [];
  const tested = filesBelow(mettle, 'test/detect', '.test.ts')
    .flatMap((file) => importsOf(mettle, file))
    .map(({ target }) => target);

  const without = (has: (id: string) => boolean): readonly string[] => detectors.filter((id) => !has(id));

  test('each is named after the finding it makes', () => {
    const source = (id: string): string =>
      readFileSync(join(mettle, `src/detect/detectors/${id}.ts`), 'utf8');
    expect(without((id) => new RegExp(`\\b(id:|ID =) '${id}'`).test(source(id)))).toEqual([]);
  });

  test('each is listed', () => {
    expect(without((id) => listed.includes(`src/detect/detectors/${id}.ts`))).toEqual([]);
  });

  test('each is documented in docs/findings', () => {
    expect(without((id) => existsSync(join(repository, `docs/findings/${id}.md`)))).toEqual([]);
  });

  test('each is tested', () => {
    expect(without((id) => tested.includes(`src/detect/detectors/${id}.ts`))).toEqual([]);
  });
});

/** The names in an import clause such as `a, { b, type c as d }`; `*` for a namespace. */
function namesIn(clause: string): readonly string[] {
  return clause
    .replace(/[{}]/g, ' ')
    .split(',')
    .map(
      (part) =>
        part
          .trim()
          .replace(/^type\s+/, '')
          .split(/\s+as\s+/)[0] ?? '',
    )
    .filter((name) => name !== '');
}

function linesWith(file: string, pattern: RegExp): readonly string[] {
  return codeOf(mettle, file)
    .split('\n')
    .flatMap((text, i) => (pattern.test(text) ? [`${file}:${i + 1}: ${text.trim()}`] : []));
}
