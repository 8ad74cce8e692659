/*
 * npm run schemas              writes packages/mettle/schema/result.schema.json from the types of evidence/result.ts
 * npm run schemas -- --check   writes nothing; fails where the file is not what the types say
 * The schemas of what people write (workload, watch) are written by hand and held against their readers by tests.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, requireNode, root } from './prepare.mjs';

const RESULT_SCHEMA = join(root, 'packages/mettle/schema/result.schema.json');

requireNode();
ensureInstalled();
const text = await resultSchema();
if (!process.argv.includes('--check')) writeFileSync(RESULT_SCHEMA, text);
else if (text !== readFileSync(RESULT_SCHEMA, 'utf8')) {
  console.error(`${RESULT_SCHEMA} is not what evidence/result.ts says: npm run schemas writes it anew.`);
  process.exitCode = 1;
}

/** The schema of `result.json`, as text. */
async function resultSchema() {
  const { createGenerator } = await import('ts-json-schema-generator');
  const generator = createGenerator({
    path: join(root, 'packages/mettle/src/evidence/result.ts'),
    tsconfig: join(root, 'packages/mettle/tsconfig.json'),
    type: 'Result',
    // tsc has done so.
    skipTypeCheck: true,
    // Fields may be added: a reader that refused what it does not know would break with the next version.
    additionalProperties: true,
    topRef: true,
  });
  const { definitions } = generator.createSchema('Result');
  const { Result: result, ...others } = modern(definitions);
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: 'urn:mettle:schema:result@1',
    title: 'Result of Mettle',
    description:
      'What --format json prints, and result.json in the folder of a run. Fields may be added without a new number.',
    ...result,
    $defs: others,
  };
  return `${JSON.stringify(schema, null, 2)}\n`;
}

/** From draft 7, which the generator writes, to 2020-12. */
function modern(value) {
  if (Array.isArray(value)) return value.map(modern);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).map(([key, inner]) => {
    if (key === '$ref') return [key, inner.replace('#/definitions/', '#/$defs/')];
    if (key === 'items' && Array.isArray(inner)) return ['prefixItems', modern(inner)];
    return [key, modern(inner)];
  });
  return Object.fromEntries(entries);
}
