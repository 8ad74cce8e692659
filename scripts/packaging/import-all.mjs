/* node import-all.mjs PACKAGE … (installed beside it): every export can be imported, and required, without a word on stderr. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);
const warnings = [];
process.on('warning', (warning) => warnings.push(warning.message));

let entries = 0;
let names = 0;
for (const name of process.argv.slice(2)) {
  const { exports } = JSON.parse(readFileSync(require.resolve(`${name}/package.json`), 'utf8'));
  for (const entry of Object.keys(exports)) {
    if (entry.includes('*')) continue;
    const specifier = name + entry.slice(1);
    if (entry.endsWith('.json')) continue;
    const imported = Object.keys(await import(specifier));
    // Node.js requires ES modules from 20.19 and 22.12 on, which are the versions that we promise.
    const required = Object.keys(require(specifier)).filter((key) => key !== '__esModule');
    if (imported.length === 0) throw new Error(`${specifier} exports nothing`);
    if (imported.join() !== required.join())
      throw new Error(`${specifier}: require() gives other names than import`);
    entries += 1;
    names += imported.length;
  }
}
for (const schema of ['result', 'against', 'workload', 'watch']) {
  const { $id } = require(`mettle/schema/${schema}.schema.json`);
  if (!$id.startsWith(`urn:mettle:schema:${schema}@`))
    throw new Error(`${schema}.schema.json is another one: ${$id}`);
}
await new Promise((resolve) => setImmediate(resolve));
if (warnings.length > 0) throw new Error(`warnings: ${warnings.join('; ')}`);
console.log(`${names} names from ${entries} entries, imported and required`);
