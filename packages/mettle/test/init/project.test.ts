import { mkdirSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { unifiedDiff } from '../../src/init/diff.ts';
import { memoryLine } from '../../src/init/memory-line.ts';
import { readProject } from '../../src/init/project.ts';
import { readHints } from '../../src/init/sources.ts';
import { findStartCommand } from '../../src/init/start-command.ts';
import { projectOf, remove } from './projects.ts';

const made: string[] = [];
afterEach(() => made.splice(0).forEach(remove));

function folderOf(manifest: object, files: Readonly<Record<string, string>> = {}): string {
  const folder = projectOf({ 'package.json': JSON.stringify(manifest), ...files });
  made.push(folder);
  return folder;
}

describe('the test runner', () => {
  const runnerOf = (manifest: object, files = {}): string => readProject(folderOf(manifest, files)).runner;

  test('is the one that the test script starts, whatever else is installed', () => {
    const devDependencies = { jest: '30.0.0', vitest: '4.0.0' };
    expect(runnerOf({ scripts: { test: 'vitest run' }, devDependencies })).toBe('vitest');
    expect(runnerOf({ scripts: { test: 'jest --ci' }, devDependencies })).toBe('jest');
    expect(runnerOf({ scripts: { test: 'node --test' }, devDependencies })).toBe('node:test');
  });

  test('is one that is installed or configured; else that of Node itself', () => {
    expect(runnerOf({ devDependencies: { vitest: '4.0.0' } })).toBe('vitest');
    expect(runnerOf({}, { 'jest.config.js': 'export default {};' })).toBe('jest');
    expect(runnerOf({})).toBe('node:test');
  });

  test('is that of Node where another would not see the tests, which is said', () => {
    const told = readProject(
      folderOf({ devDependencies: { jest: '30.0.0' }, jest: { testMatch: ['**/*.spec.ts'] } }),
    );
    expect(told).toMatchObject({ runner: 'node:test', runnerNote: expect.stringContaining('jest') });
    const unknown = readProject(folderOf({ scripts: { test: 'mocha' } }));
    expect(unknown).toMatchObject({ runner: 'node:test', runnerNote: expect.stringContaining('mocha') });
  });
});

describe('the start command', () => {
  const startOf = (manifest: object, files: Readonly<Record<string, string>>): readonly string[] =>
    findStartCommand(readProject(folderOf(manifest, files))).command;

  test('is the start script before bin, main, and files with usual names', () => {
    const files = { 'a.js': '', 'b.js': '', 'c.js': '', 'server.js': '' };
    const all = {
      scripts: { start: 'node --enable-source-maps a.js stdio' },
      bin: { x: './b.js' },
      main: 'c.js',
    };
    expect(startOf(all, files)).toEqual(['node', '--enable-source-maps', 'a.js', 'stdio']);
    expect(startOf({ ...all, scripts: {} }, files)).toEqual(['node', 'b.js']);
    expect(startOf({ main: 'c.js' }, files)).toEqual(['node', 'c.js']);
    expect(startOf({}, files)).toEqual(['node', 'server.js']);
  });

  test('is no script that does more than start one program', () => {
    const files = { 'server.js': '', 'other.js': '' };
    for (const start of [
      'npm run build && node other.js',
      'NODE_ENV=x node other.js',
      'node --watch other.js',
    ])
      expect(startOf({ scripts: { start } }, files)).toEqual(['node', 'server.js']);
  });

  test('of TypeScript goes through tsx where the project has it', () => {
    const files = { 'src/server.ts': '' };
    expect(startOf({ devDependencies: { tsx: '4.0.0' } }, files)).toEqual([
      'node',
      '--import',
      'tsx',
      'src/server.ts',
    ]);
    expect(startOf({}, files)).toEqual(['node', 'src/server.ts']);
  });

  test('that nobody names is asked for', () => {
    expect(() => startOf({}, {})).toThrow(/name it, such as mettle init -- node dist\/server\.js/);
  });
});

test('the sources tell the transport, the port, and paths that look like the endpoint', () => {
  const folder = folderOf(
    {},
    {
      'src/http.ts': `new StreamableHTTPServerTransport(); app.post('/api/mcp', f);
      const port = Number(process.env.PORT ?? 4321); app.listen(port);`,
      'test/other.ts': 'new StdioServerTransport(); listen(9999)',
    },
  );
  expect(readHints(folder)).toEqual({
    stdio: false,
    http: true,
    port: 4321,
    readsPort: true,
    paths: ['/api/mcp'],
  });
});

describe('the memory log', () => {
  const lineIn = (source: string, manifest: object = { type: 'module' }, file = 'server.js'): string => {
    const folder = folderOf(manifest, { [file]: source });
    const line = memoryLine(readProject(folder), ['node', file]);
    return 'why' in line ? line.why : line.after;
  };
  const LOG =
    '// One JSON line a minute on stderr, and an alarm when memory grows for good.\nwatchMemory();\n';

  test('comes after the imports, however they are written, and before anything runs', () => {
    const source = `#!/usr/bin/env node\n/*\n * import { no } from 'comment';\n */\nimport a from 'a';\nimport {\n  b,\n} from 'b';\nimport 'c';\n// A comment.\nrun(a, b);\nimport d from 'd';\n`;
    expect(lineIn(source)).toBe(
      source.replace(
        "import 'c';\n",
        `import 'c';\nimport { watchMemory } from '@mettle/runtime/memory';\n\n${LOG}\n`,
      ),
    );
  });

  test('is required where the file is CommonJS', () => {
    const source = "'use strict';\nconst { a } = require('a');\n\na();\n";
    expect(lineIn(source, {})).toBe(
      `'use strict';\nconst { a } = require('a');\nconst { watchMemory } = require('@mettle/runtime/memory');\n\n${LOG}\na();\n`,
    );
  });

  test('keeps the file as it is otherwise: its line ends, its quotes', () => {
    expect(lineIn('import a from "a";\r\na();\r\n')).toBe(
      `import a from "a";\r\nimport { watchMemory } from "@mettle/runtime/memory";\r\n\r\n${LOG.replaceAll('\n', '\r\n')}\r\na();\r\n`,
    );
  });

  test('is not put where it is, nor where @mettle/runtime is not installed', () => {
    expect(lineIn("import { watchMemory } from '@mettle/runtime/memory';\nwatchMemory();\n")).toBe(
      'server.js has it',
    );
    const folder = folderOf({ type: 'module' }, { 'server.js': 'run();\n' });
    unlinkSync(join(folder, 'node_modules'));
    expect(memoryLine(readProject(folder), ['node', 'server.js'])).toMatchObject({
      why: expect.stringContaining('@mettle/runtime is not installed here'),
    });
  });

  test('goes into the source of a file that is built', () => {
    const folder = folderOf(
      { type: 'module' },
      { 'src/bin/server.ts': 'run();\n', 'dist/bin/server.js': 'run();\n' },
    );
    expect(memoryLine(readProject(folder), ['node', './dist/bin/server.js'])).toMatchObject({
      file: 'src/bin/server.ts',
    });
    mkdirSync(join(folder, 'build'));
    writeFileSync(join(folder, 'build/other.js'), '');
    expect(memoryLine(readProject(folder), ['node', 'build/other.js'])).toMatchObject({
      why: expect.stringContaining('its source is not where it usually is'),
    });
  });
});

describe('a diff', () => {
  test('shows what changes with three lines around it, as git does', () => {
    const before = Array.from({ length: 20 }, (_, i) => `line ${String(i + 1)}`);
    const after = before.toSpliced(9, 1, 'line ten', 'and a half');
    expect(unifiedDiff('a.txt', `${before.join('\n')}\n`, `${after.join('\n')}\n`)).toBe(
      [
        '--- a/a.txt',
        '+++ b/a.txt',
        '@@ -7,7 +7,8 @@',
        ' line 7',
        ' line 8',
        ' line 9',
        '-line 10',
        '+line ten',
        '+and a half',
        ' line 11',
        ' line 12',
        ' line 13',
      ].join('\n'),
    );
  });

  test('of a new file is all of it, and of one that stays nothing', () => {
    expect(unifiedDiff('a.txt', null, 'one\n')).toBe('--- /dev/null\n+++ b/a.txt\n@@ -0,0 +1,1 @@\n+one');
    expect(unifiedDiff('a.txt', 'one\n', 'one\n')).toBe('');
  });
});
