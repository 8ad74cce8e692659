import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { TestProject } from 'vitest/node';
import { PUBLISHED_SERVERS } from './servers.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Where each published server is installed, by `package@version`. */
    serverFolders: Record<string, string>;
  }
}

/** Runs once before the smoke tests: has the published servers at hand, from the registry if need be. */
export default function installServers(project: TestProject): void {
  const script = fileURLToPath(new URL('../../../../scripts/install-from-registry.mjs', import.meta.url));
  const all = process.env['METTLE_SMOKE'] === 'all';
  const needed = PUBLISHED_SERVERS.filter(({ atLeisure }) => all || atLeisure !== true);
  const specs = needed.map((server) => `${server.package}@${server.version}`);
  const install = spawnSync(process.execPath, [script, 'smoke', ...specs], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (install.status !== 0) throw new Error('The published servers could not be installed.');
  project.provide('serverFolders', JSON.parse(install.stdout) as Record<string, string>);
}
