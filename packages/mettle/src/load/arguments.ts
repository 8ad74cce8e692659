import { generateSync, type JsonSchema } from 'json-schema-faker';
import { seedFor, seededRandom } from '../stats/index.ts';
import { LOOPBACK_URL, modestSchema, type ArgumentHints } from './modest-schema.ts';
import { compileSchema, type Validate } from './schema-validator.ts';

type Arguments = Readonly<Record<string, unknown>>;

/** Ready-made arguments, each valid by the schema; or why there are none. */
export type PreparedArguments =
  | {
      readonly samples: readonly [Arguments, ...Arguments[]];
      /** Whether the schema allows other arguments. */
      readonly accepts: (value: unknown) => boolean;
    }
  | { readonly samples: null; readonly reason: string };

export interface ArgumentOptions {
  readonly seed: number;
  readonly hints?: ArgumentHints;
}

/** Prepared ahead, so that generating costs nothing while calls are timed; 16 differ enough to defeat a one-entry cache. */
const POOL_SIZE = 16;
/** facts: jsf's samples of hard schemas are valid 9 times in 10; 12 draws leave a schema it can do at all a chance of 1 - 1e-12. */
const DRAWS = 12;
/** Slots tried in vain before the schema is given up. */
const VAIN_SLOTS = 3;

/** Formats whose usual samples name other people's hosts or mailboxes. */
const HARMLESS_FORMATS: Readonly<Record<string, () => string>> = {
  uri: () => LOOPBACK_URL,
  url: () => LOOPBACK_URL,
  iri: () => LOOPBACK_URL,
  'uri-reference': () => LOOPBACK_URL,
  'iri-reference': () => LOOPBACK_URL,
  hostname: () => 'localhost',
  'idn-hostname': () => 'localhost',
  ipv4: () => '127.0.0.1',
  ipv6: () => '::1',
  email: () => 'someone@example.invalid',
  'idn-email': () => 'someone@example.invalid',
};

/** Arguments for a tool from its JSON Schema: modest, harmless, valid, and the same for the same seed. */
export function prepareArguments(schema: unknown, options: ArgumentOptions): PreparedArguments {
  if (schema === undefined || schema === null || schema === true)
    return { samples: [{}], accepts: () => true };
  if (typeof schema !== 'object' || Array.isArray(schema))
    return { samples: null, reason: 'its input schema is not an object' };
  let validate: Validate;
  try {
    validate = compileSchema(schema);
  } catch (error) {
    return {
      samples: null,
      reason: `its input schema cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
  const hints = options.hints ?? {};
  const given = ownExamples(schema, validate);
  if (given !== null) return { samples: given, accepts: validate };
  const schemas = [
    modestSchema(schema, { hints, useGiven: true }),
    modestSchema(schema, { hints, useGiven: false }),
    schema,
  ];
  const accept = (value: unknown): value is Arguments =>
    isArguments(value) && validate(value) && callsNoStranger(value, schema);
  const samples: Arguments[] = [];
  for (let slot = 0; slot < POOL_SIZE; slot++) {
    const sample = drawOne(schemas, slot, options.seed, accept);
    if (sample !== null) samples.push(sample);
    else if (samples.length === 0 && slot + 1 >= VAIN_SLOTS) break;
  }
  const [first, ...others] = samples;
  if (first !== undefined) return { samples: [first, ...others], accepts: validate };
  return { samples: null, reason: 'no arguments that satisfy its input schema could be generated' };
}

/** Whole argument objects that the author put at the schema's root. */
function ownExamples(schema: object, validate: Validate): readonly [Arguments, ...Arguments[]] | null {
  const examples: unknown = (schema as Record<string, unknown>)['examples'];
  if (!Array.isArray(examples)) return null;
  const [first, ...others] = examples.filter(
    (value): value is Arguments => isArguments(value) && validate(value),
  );
  return first === undefined ? null : [first, ...others];
}

/** The most modest schema that yields a valid sample wins. */
function drawOne(
  schemas: readonly unknown[],
  slot: number,
  seed: number,
  accept: (value: unknown) => value is Arguments,
): Arguments | null {
  // Optional arguments exclude each other too often to be strewn in: every other sample has the required ones only.
  const optionalsProbability = slot % 2 === 0 ? 0 : 0.25;
  for (const [level, schema] of schemas.entries()) {
    for (let draw = 0; draw < DRAWS; draw++) {
      const value = generate(schema, seedFor(seed, `${slot}/${level}/${draw}`), optionalsProbability);
      if (accept(value)) return value;
    }
  }
  return null;
}

function generate(schema: unknown, seed: number, optionalsProbability: number): unknown {
  try {
    return generateSync(schema as JsonSchema, {
      seed,
      optionalsProbability,
      maxDefaultItems: 2,
      maxDepth: 4,
      refDepthMax: 2,
      formats: { ...HARMLESS_FORMATS },
    });
  } catch {
    // A draw that failed: the next one, or the next schema, may do.
    return undefined;
  }
}

function isArguments(value: unknown): value is Arguments {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** No URL of a host that is neither this machine nor named in the schema by its author. */
function callsNoStranger(value: unknown, schema: object): boolean {
  const text = JSON.stringify(value);
  if (!text.includes('://')) return true;
  const known = JSON.stringify(schema);
  for (const [url, host] of text.matchAll(/[a-z][\w+.-]*:\/\/([^\s/"?#]*)/gi)) {
    const own = host === '' || /^(?:localhost|127\.0\.0\.1|\[::1\])(?::\d+)?$/.test(host as string);
    if (!own && !known.includes(url)) return false;
  }
  return true;
}

/** Short words for the arguments of prompts, which are strings without a schema. */
export function promptArguments(names: readonly string[], seed: number): Arguments {
  const random = seededRandom(seed);
  const words = ['alpha', 'note', 'sample', 'test'];
  return Object.fromEntries(
    names.map((name) => [name, words[Math.floor(random() * words.length)] as string]),
  );
}
