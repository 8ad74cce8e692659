import { lstatSync, mkdirSync, readdirSync, statSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';

/**
 * Links the packages that are found from `cwd`, as Node and npx look for them, into a `node_modules` of `folder`: a
 * server that is started below it finds what it finds at home (`--import tsx`, `npx tsx`, plug-ins by name). The
 * nearest of several wins. Never throws: a server that misses a package says so itself.
 */
export function linkPackages(folder: string, cwd: string): void {
  for (let at = cwd; ; at = dirname(at)) {
    linkAll(join(at, 'node_modules'), join(folder, 'node_modules'));
    if (dirname(at) === at) return;
  }
}

function linkAll(from: string, to: string): void {
  for (const name of namesIn(from)) {
    const [real, link] = [join(from, name), join(to, name)];
    // Caches are written to; what else begins with a dot is npm's own.
    if (name === '.bin' || name.startsWith('@')) linkAll(real, link);
    else if (!name.startsWith('.')) linkOne(real, link);
  }
}

function linkOne(real: string, link: string): void {
  try {
    if (lstatSync(link, { throwIfNoEntry: false }) !== undefined) return;
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(real, link, statSync(real).isDirectory() ? 'junction' : 'file');
  } catch {
    // A link that leads nowhere, or a system that allows none.
  }
}

function namesIn(folder: string): readonly string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}
