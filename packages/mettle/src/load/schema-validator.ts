import addFormatsModule from 'ajv-formats';
import { Ajv, type Options } from 'ajv';
import { Ajv2019 } from 'ajv/dist/2019.js';
import { Ajv2020 } from 'ajv/dist/2020.js';

export type Validate = (value: unknown) => boolean;

// Tool schemas in the field carry keywords and formats of their own; they annotate, they do not invalidate.
const OPTIONS: Options = { strict: false, validateSchema: false, logger: false };
const addFormats = addFormatsModule.default;

/**
 * A validator in the dialect that `$schema` names; MCP's default, when it names none, is 2020-12. A schema that this
 * dialect cannot read is tried as draft-07. Throws when no dialect can.
 */
export function compileSchema(schema: unknown): Validate {
  const { $schema: dialect, ...rest } = schema as Record<string, unknown>;
  const classes = dialectClasses(typeof dialect === 'string' ? dialect : '');
  let fault: unknown;
  for (const make of classes) {
    try {
      // A validator of its own per schema: two tools may use the same $id.
      const ajv = make();
      addFormats(ajv as Ajv);
      const validate = ajv.compile(rest);
      return (value) => answerOf(validate, value);
    } catch (error) {
      fault ??= error;
    }
  }
  throw fault;
}

/** A schema that refers to itself at the same place (`{"$ref": "#"}`) never comes to an answer: it accepts nothing. */
function answerOf(validate: (value: unknown) => unknown, value: unknown): boolean {
  try {
    return validate(value) === true;
  } catch (error) {
    if (error instanceof RangeError) return false;
    throw error;
  }
}

function dialectClasses(dialect: string): readonly (() => Pick<Ajv, 'compile'>)[] {
  if (/draft-0[3-7]/.test(dialect)) return [() => new Ajv(OPTIONS)];
  if (dialect.includes('2019-09')) return [() => new Ajv2019(OPTIONS)];
  return [() => new Ajv2020(OPTIONS), () => new Ajv(OPTIONS)];
}
