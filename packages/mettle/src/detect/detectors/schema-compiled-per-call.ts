import type { Detector } from '../../evidence/index.ts';
import { causeDetector } from '../cause-finding.ts';

const EXAMPLE = 'const schema = z.object({ … }); // outside; inside: schema.safeParse(input)';
const EXAMPLES: Readonly<Record<string, string>> = {
  ajv: 'const validate = ajv.compile(schema); // outside; inside: validate(input)',
  joi: 'const schema = Joi.object({ … }); // outside; inside: schema.validate(input)',
  valibot: 'const schema = v.object({ … }); // outside; inside: v.safeParse(schema, input)',
};

/** A validation schema that is built, or compiled, anew in every call. */
export const schemaCompiledPerCall: Detector = causeDetector({
  id: 'schema-compiled-per-call',
  doing: ({ whats }) => `building and compiling a schema${whats[0] === undefined ? '' : ` with ${whats[0]}`}`,
  fix: ({ whats }) =>
    `Build the schema once, at the top of the module, and only use it in the handler: \`${EXAMPLES[whats[0] ?? ''] ?? EXAMPLE}\`. What changes from call to call belongs in the data, or in a cache of schemas by their key (\`boundedCache\` of @mettle/runtime/memory). A worker thread would not help: the work is not needed at all.`,
});
