/* Before packing: the pages of the findings go into the package, where `mettle mcp` explains findings with them. */
import { cpSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const into = join(root, 'packages/mettle/findings');
rmSync(into, { recursive: true, force: true });
cpSync(join(root, 'docs/findings'), into, { recursive: true });
