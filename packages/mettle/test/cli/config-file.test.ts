import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, onTestFinished, test } from 'vitest';

const TSX = dirname(createRequire(import.meta.url).resolve('tsx/package.json'));
const METTLE = fileURLToPath(new URL('../../bin/mettle.js', import.meta.url));
const ERASES_TYPES = 'typescript' in process.features && Boolean(process.features.typescript);

/** A project with a config in TypeScript, of which the bar is wrong: what is said of it shows that it was read. */
async function project(type: 'module' | 'commonjs', tsx: boolean): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'mettle-config-'));
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  await writeFile(join(folder, 'package.json'), JSON.stringify({ type }));
  await writeFile(
    join(folder, 'mettle.config.ts'),
    "interface Options { failOn: string }\nconst options: Options = { failOn: 'read-from-typescript' };\nexport default options;\n",
  );
  if (tsx) {
    await mkdir(join(folder, 'node_modules'));
    await symlink(TSX, join(folder, 'node_modules/tsx'), 'junction');
  }
  return folder;
}

/** In a process of its own: the tests' runner would load TypeScript by itself. */
function check(cwd: string): Promise<{ readonly code: unknown; readonly stderr: string }> {
  return new Promise((resolve) => {
    execFile(process.execPath, [METTLE, 'check', '--', 'node', 'x'], { cwd }, (error, _stdout, stderr) =>
      resolve({ code: error?.code ?? 0, stderr }),
    );
  });
}

describe('a config file', () => {
  test.each(['module', 'commonjs'] as const)(
    'in TypeScript is read in a project of type %s that has tsx',
    async (type) => {
      const { code, stderr } = await check(await project(type, true));
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining('"read-from-typescript" is no severity'),
      });
    },
  );

  test('with an option that there is not is named with it', async () => {
    const folder = await project('module', false);
    await rm(join(folder, 'mettle.config.ts'));
    await writeFile(join(folder, 'mettle.config.json'), '{ "budgett": 4 }');
    const { code, stderr } = await check(folder);
    expect({ code, stderr }).toEqual({
      code: 2,
      stderr: expect.stringMatching(/mettle\.config\.json: Unknown option '--budgett'/),
    });
  });

  test.skipIf(ERASES_TYPES)(
    'in TypeScript without tsx, on a Node that does not erase types, is refused with what to do',
    async () => {
      const { code, stderr } = await check(await project('module', false));
      expect({ code, stderr }).toEqual({
        code: 2,
        stderr: expect.stringContaining('install tsx in that project'),
      });
    },
  );
});
