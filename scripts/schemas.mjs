/*
 * npm run schemas              writes the schemas of what Mettle prints, from the types (see PRINTED)
 * npm run schemas -- --check   writes nothing; fails where a file is not what the types say
 * The schemas of what people write (workload, watch) are written by hand and held against their readers by tests.
 */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { ensureInstalled, requireNode, root } from './prepare.mjs';

const PRINTED = [
  {
    name: 'result',
    types: 'src/evidence/result.ts',
    type: 'Result',
    title: 'Result of Mettle',
    description:
      'What --format json prints, and result.json in the folder of a run. Fields may be added without a new number.',
  },
  {
    name: 'against',
    types: 'src/report/against/document.ts',
    type: 'AgainstDocument',
    title: 'Two runs of Mettle beside each other',
    description:
      'What mettle report BEFORE --against AFTER --format json prints. Fields may be added without a new number.',
  },
];

requireNode();
ensureInstalled();
const { createGenerator } = await import('ts-json-schema-generator');
for (const printed of PRINTED) {
  const file = join(root, `packages/mettle/schema/${printed.name}.schema.json`);
  const text = schemaOf(printed);
  if (!process.argv.includes('--check')) writeFileSync(file, text);
  else if (!existsSync(file) || text !== readFileSync(file, 'utf8')) {
    console.error(`${file} is not what ${printed.types} says: npm run schemas writes it anew.`);
    process.exitCode = 1;
  }
}

/** The schema of a type, as text. */
function schemaOf({ name, types, type, title, description }) {
  const generator = createGenerator({
    path: join(root, 'packages/mettle', types),
    tsconfig: join(root, 'packages/mettle/tsconfig.json'),
    type,
    // tsc has done so.
    skipTypeCheck: true,
    // Fields may be added: a reader that refused what it does not know would break with the next version.
    additionalProperties: true,
    topRef: true,
  });
  const { definitions } = generator.createSchema(type);
  const { [type]: whole, ...others } = modern(definitions);
  const schema = {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: `urn:mettle:schema:${name}@1`,
    title,
    description,
    ...whole,
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
