/*
 * Before packing: the pages of the findings go into the package, where `mettle mcp` explains findings with them, and the
 * report shows their fixes. --remove, after it: a copy that stayed would be read in the repository, too, once it is old.
 */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const into = join(root, 'packages/mettle/findings');
rmSync(into, { recursive: true, force: true });
if (!process.argv.includes('--remove')) cpSync(join(root, 'docs/findings'), into, { recursive: true });
