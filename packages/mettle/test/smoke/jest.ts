import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const JEST = 'jest@30.2.0';
const pathOf = (relative: string): string => fileURLToPath(new URL(relative, import.meta.url));

/** A fixture of test/run, as an ES module is imported. */
export const fixture = (name: string): string => new URL(`../run/${name}`, import.meta.url).href;

/** The `node_modules` of a jest from the registry, installed once. */
export function jestModules(): string {
  const installer = pathOf('../../../../scripts/install-from-registry.mjs');
  const install = spawnSync(process.execPath, [installer, 'smoke', JEST], { encoding: 'utf8' });
  if (install.status !== 0) throw new Error(`jest could not be installed.\n${install.stderr}`);
  return join((JSON.parse(install.stdout) as Record<string, string>)[JEST] ?? '', 'node_modules');
}

/** Runs `code` as a test file of a project with jest, in which `mettle/testing` is what was built here. */
export function runJest(
  name: string,
  code: string,
): { readonly status: number | null; readonly output: string } {
  const modules = jestModules();
  const folder = mkdtempSync(join(tmpdir(), 'mettle-jest-'));
  try {
    symlinkSync(modules, join(folder, 'node_modules'), 'junction');
    const config = { testMatch: ['**/*.test.mjs'], transform: {}, testTimeout: 120_000 };
    writeFileSync(join(folder, 'jest.config.json'), JSON.stringify(config));
    const testing = new URL('../../dist/testing.js', import.meta.url).href;
    writeFileSync(join(folder, `${name}.test.mjs`), code.replaceAll('mettle/testing', testing));
    const run = spawnSync(process.execPath, ['node_modules/jest/bin/jest.js', '--ci'], {
      cwd: folder,
      encoding: 'utf8',
      env: { ...process.env, NODE_OPTIONS: '--experimental-vm-modules', NO_COLOR: '1', FORCE_COLOR: '0' },
    });
    return { status: run.status, output: run.stdout + run.stderr };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
