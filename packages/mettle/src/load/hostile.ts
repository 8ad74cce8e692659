import { double, sample, string, type Arbitrary } from 'fast-check';
import { seedFor } from '../stats/index.ts';
import { prepareArguments } from './arguments.ts';
import type { ArgumentHints } from './modest-schema.ts';

type Arguments = Readonly<Record<string, unknown>>;
type Schema = Readonly<Record<string, unknown>>;

/** Arguments that a server has to survive, and what is hostile about them. */
export interface HostileCase {
  readonly what: string;
  readonly arguments: Arguments;
}

interface HostileValue {
  readonly what: string;
  readonly value: unknown;
}

/** Long enough to show work that grows with the square; as long as most servers accept a message. */
const LONG = [1_000, 50_000, 1_000_000] as const;
/** Deeper ones would overflow the stack of whoever writes JSON, the driver's own included. */
const DEEP = [50, 1_000] as const;
const MANY_ITEMS = 10_000;
/** Random draws besides the known hard ones. */
const DRAWS = 3;
/** Properties of one tool that are tried, the nested ones included. */
const MOST_PLACES = 12;

/**
 * For each place in the schema, an otherwise valid set of arguments with something hard there: long, deep, strange or
 * at a boundary, and of the wrong type. The same seed gives the same cases.
 */
export function hostileArguments(
  schema: unknown,
  options: { readonly seed: number; readonly hints?: ArgumentHints },
): readonly HostileCase[] {
  const root: Schema = isSchema(schema) ? schema : {};
  const prepared = prepareArguments(schema, options);
  const base: Arguments = prepared.samples?.[0] ?? {};
  const cases: HostileCase[] = [
    { what: 'no arguments at all', arguments: {} },
    {
      what: 'keys that name parts of every object (__proto__, constructor)',
      arguments: JSON.parse(
        JSON.stringify({ ...base })
          .replace(/^\{/, '{"__proto__":{"polluted":true},"constructor":{},')
          .replace(',}', '}'),
      ) as Arguments,
    },
    ...DEEP.map((depth) => ({
      what: `an unknown property nested ${depth} deep`,
      arguments: { ...base, unexpected: nested(depth) },
    })),
  ];
  for (const { path, schema: at } of places(root, root, [], 2).slice(0, MOST_PLACES))
    for (const { what, value } of hostileValues(at, seedFor(options.seed, path.join('/'))))
      cases.push({ what: `${what} at ${path.join('.')}`, arguments: withValue(base, path, value) });
  return cases;
}

function hostileValues(schema: Schema, seed: number): readonly HostileValue[] {
  const wrong: readonly HostileValue[] = [
    { what: 'null', value: null },
    { what: 'a value of another type', value: schema['type'] === 'string' ? { a: 1 } : 'text' },
  ];
  switch (typeOf(schema)) {
    case 'string':
      return [...strings(seed), ...wrong];
    case 'number':
    case 'integer':
      return [...numbers(schema, seed), ...wrong];
    case 'array':
      return [...arrays(schema), ...wrong];
    case 'object':
      return [...DEEP.map((depth) => ({ what: `an object ${depth} deep`, value: nested(depth) })), ...wrong];
    case 'boolean':
    case null:
      return wrong;
  }
}

function strings(seed: number): readonly HostileValue[] {
  const known: readonly HostileValue[] = [
    { what: 'an empty string', value: '' },
    ...LONG.map((length) => ({
      what: `a string of ${length.toLocaleString('en')} characters`,
      value: 'a'.repeat(length),
    })),
    // What makes a pattern with nested repetition try every split.
    { what: 'a string on which patterns backtrack', value: `${'a'.repeat(40)}!` },
    { what: 'many spaces before a letter', value: `${' '.repeat(50_000)}x` },
    { what: 'half a surrogate pair', value: 'a\uD800b' },
    { what: 'a NUL character', value: 'a\u0000b' },
    {
      what: 'text from right to left with joined emoji',
      value: '\u202Eabc \u{1F468}\u200D\u{1F469}\u200D\u{1F467}',
    },
    { what: '20,000 marks on one letter', value: `a${'\u0301'.repeat(20_000)}` },
    { what: 'text that looks like JSON nested 10,000 deep', value: '['.repeat(10_000) },
  ];
  return [...known, ...drawn('a random unicode string', string({ unit: 'binary', maxLength: 200 }), seed)];
}

function numbers(schema: Schema, seed: number): readonly HostileValue[] {
  const bounds = ['minimum', 'maximum', 'exclusiveMinimum', 'exclusiveMaximum'].flatMap((key) => {
    const bound = schema[key];
    return typeof bound === 'number' ? [bound - 1, bound, bound + 1] : [];
  });
  const known = [
    0,
    -1,
    2 ** 31 - 1,
    2 ** 31,
    -(2 ** 31) - 1,
    2 ** 32,
    2 ** 53 - 1,
    2 ** 53,
    -(2 ** 53),
    1e21,
    1e308,
    5e-324,
    0.1,
  ];
  return [
    ...[...new Set([...bounds, ...known])].map((value) => ({ what: `the number ${value}`, value })),
    ...drawn('a random number', double({ noNaN: true, noDefaultInfinity: true }), seed),
  ];
}

function arrays(schema: Schema): readonly HostileValue[] {
  const items = isSchema(schema['items']) ? schema['items'] : {};
  const item = { string: 'a', number: 1, integer: 1, boolean: true, array: [], object: {} }[
    typeOf(items) ?? 'string'
  ];
  return [
    { what: 'an empty list', value: [] },
    {
      what: `a list of ${MANY_ITEMS.toLocaleString('en')} items`,
      value: Array.from({ length: MANY_ITEMS }, () => item),
    },
    { what: 'a list with a hole (null)', value: [item, null] },
    { what: 'lists 1,000 deep', value: JSON.parse('['.repeat(1000) + ']'.repeat(1000)) },
  ];
}

function drawn(what: string, arbitrary: Arbitrary<unknown>, seed: number): readonly HostileValue[] {
  // fast-check takes 32-bit seeds.
  return sample(arbitrary, { seed: seed | 0, numRuns: DRAWS }).map((value) => ({ what, value }));
}

/** Objects within objects, built without recursion. */
function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = { a: value };
  return value;
}

interface Place {
  readonly path: readonly string[];
  readonly schema: Schema;
}

function places(root: Schema, schema: Schema, path: readonly string[], depth: number): readonly Place[] {
  const properties = isSchema(schema['properties']) ? schema['properties'] : {};
  return Object.entries(properties).flatMap(([name, given]): readonly Place[] => {
    if (!isSchema(given)) return [];
    const at = meant(root, given);
    const here: Place = { path: [...path, name], schema: at };
    return depth > 1 && typeOf(at) === 'object' ? [here, ...places(root, at, here.path, depth - 1)] : [here];
  });
}

/** References within a reference: more are a ring. */
const MOST_STEPS = 8;

/** What a property is made of: the part that it refers to, or of several forms the first that is more than null. */
function meant(root: Schema, given: Schema): Schema {
  let schema = given;
  for (let step = 0; step < MOST_STEPS; step++) {
    const { $ref: reference } = schema;
    const forms = [schema['anyOf'], schema['oneOf']].find(Array.isArray) as readonly unknown[] | undefined;
    const next: unknown =
      typeof reference === 'string'
        ? partOf(root, reference)
        : schema['type'] === undefined
          ? forms?.filter(isSchema).find((form) => typeof form['$ref'] === 'string' || typeOf(form) !== null)
          : undefined;
    if (!isSchema(next)) return schema;
    schema = next;
  }
  return schema;
}

/** What `#/$defs/name` points at. */
function partOf(root: Schema, reference: string): unknown {
  if (!reference.startsWith('#/')) return undefined;
  let at: unknown = root;
  for (const word of reference.slice(2).split('/')) {
    const key = word.replaceAll('~1', '/').replaceAll('~0', '~');
    at = isSchema(at) && Object.hasOwn(at, key) ? at[key] : undefined;
  }
  return at;
}

function withValue(base: Arguments, path: readonly string[], value: unknown): Arguments {
  const [first, ...rest] = path;
  if (first === undefined) return base;
  const inner = base[first];
  return {
    ...base,
    [first]: rest.length === 0 ? value : withValue(isSchema(inner) ? inner : {}, rest, value),
  };
}

const TYPES = ['string', 'number', 'integer', 'boolean', 'array', 'object'] as const;
type TypeName = (typeof TYPES)[number];

/** Null for what says nothing of a type, for null alone, and for types that no dialect knows. */
function typeOf(schema: Schema): TypeName | null {
  const { type } = schema;
  if (type !== undefined) {
    const named: readonly unknown[] = Array.isArray(type) ? type : [type];
    return named.find((name): name is TypeName => TYPES.includes(name as TypeName)) ?? null;
  }
  for (const key of ['anyOf', 'oneOf', 'allOf']) {
    const parts = schema[key];
    if (!Array.isArray(parts)) continue;
    const found = parts
      .filter(isSchema)
      .map(typeOf)
      .find((name) => name !== null);
    if (found !== undefined) return found;
  }
  if (isSchema(schema['properties'])) return 'object';
  return Array.isArray(schema['enum']) && typeof schema['enum'][0] === 'string' ? 'string' : null;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
