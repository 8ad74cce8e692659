/* oxlint-disable unicorn/no-thenable -- a keyword of JSON Schema */
/** Input schemas of kinds that defeat simple generators. Each is a whole tool input schema. */

type Schema = Readonly<Record<string, unknown>>;

function object(properties: Schema, more: Schema = {}): Schema {
  return { type: 'object', properties, required: Object.keys(properties), ...more };
}

export const HARD_SCHEMAS: Readonly<Record<string, Schema>> = {
  'no properties': { type: 'object' },
  'nothing but additionalProperties false': { type: 'object', additionalProperties: false },
  'format date-time': object({ at: { type: 'string', format: 'date-time' } }),
  'format date': object({ at: { type: 'string', format: 'date' } }),
  'format time': object({ at: { type: 'string', format: 'time' } }),
  'format duration': object({ length: { type: 'string', format: 'duration' } }),
  'format uuid': object({ id: { type: 'string', format: 'uuid' } }),
  'format email': object({ to: { type: 'string', format: 'email' } }),
  'format uri': object({ page: { type: 'string', format: 'uri' } }),
  'format hostname and ipv4': object({
    host: { type: 'string', format: 'hostname' },
    address: { type: 'string', format: 'ipv4' },
  }),
  'format ipv6': object({ address: { type: 'string', format: 'ipv6' } }),
  'format regex': object({ expression: { type: 'string', format: 'regex' } }),
  'format json-pointer': object({ pointer: { type: 'string', format: 'json-pointer' } }),
  'a format nobody knows': object({ colour: { type: 'string', format: 'x-colour' } }),
  pattern: object({ sku: { type: 'string', pattern: '^[A-Z]{3}-\\d{4}$' } }),
  'pattern with length bounds': object({
    code: { type: 'string', pattern: '^[a-z]+$', minLength: 5, maxLength: 6 },
  }),
  'long strings': object({ text: { type: 'string', minLength: 200 } }),
  'far integers': object({ n: { type: 'integer', minimum: 1_000_000, maximum: 1_000_005 } }),
  'negative integers': object({ n: { type: 'integer', maximum: -5 } }),
  'exclusive bounds': object({
    n: { type: 'integer', exclusiveMinimum: 4, exclusiveMaximum: 6 },
    share: { type: 'number', exclusiveMinimum: 0, exclusiveMaximum: 1 },
  }),
  'multiple of': object({
    n: { type: 'integer', multipleOf: 7, minimum: 20, maximum: 40 },
    price: { type: 'number', multipleOf: 0.5, minimum: 1 },
  }),
  'overlapping oneOf': object({
    value: {
      oneOf: [
        { type: 'number', multipleOf: 3 },
        { type: 'number', multipleOf: 5 },
      ],
    },
  }),
  'oneOf of objects': object({
    shape: {
      oneOf: [
        object({ kind: { const: 'circle' }, r: { type: 'number', minimum: 0 } }),
        object({ kind: { const: 'box' }, w: { type: 'number' }, h: { type: 'number' } }),
      ],
    },
  }),
  'anyOf with null': object({ value: { anyOf: [{ type: 'string' }, { type: 'null' }] } }),
  'allOf of objects': {
    type: 'object',
    allOf: [object({ a: { type: 'string' } }), object({ b: { type: 'integer', minimum: 3 } })],
  },
  'allOf that narrows': object({ n: { allOf: [{ type: 'integer' }, { minimum: 10 }, { maximum: 12 }] } }),
  not: object({ word: { type: 'string', not: { enum: ['alpha', 'test', 'note'] } } }),
  'if then else': object(
    { country: { enum: ['US', 'CA'] } },
    {
      if: { properties: { country: { const: 'US' } } },
      then: { properties: { zip: { type: 'string', pattern: '^\\d{5}$' } }, required: ['zip'] },
      else: { properties: { postal: { type: 'string' } }, required: ['postal'] },
    },
  ),
  contains: object({ list: { type: 'array', contains: { const: 7 }, minItems: 1 } }),
  'unique items': object({
    list: { type: 'array', uniqueItems: true, minItems: 3, items: { enum: ['a', 'b', 'c', 'd'] } },
  }),
  'many items': object({ list: { type: 'array', minItems: 12, items: { type: 'integer' } } }),
  'tuple (2020-12)': object({
    pair: {
      type: 'array',
      prefixItems: [{ type: 'string' }, { type: 'integer' }],
      items: false,
      minItems: 2,
    },
  }),
  'tuple (draft-07)': {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...object({
      pair: {
        type: 'array',
        items: [{ type: 'string' }, { type: 'integer' }],
        additionalItems: false,
        minItems: 2,
      },
    }),
  },
  'pattern properties': object({
    map: {
      type: 'object',
      patternProperties: { '^x-[a-z]+$': { type: 'integer' } },
      additionalProperties: false,
    },
  }),
  'property names': object({
    map: { type: 'object', propertyNames: { pattern: '^[a-z]+$' }, additionalProperties: { type: 'string' } },
  }),
  'min properties': object({
    map: { type: 'object', additionalProperties: { type: 'string' }, minProperties: 1 },
  }),
  'dependent required': {
    type: 'object',
    properties: { card: { type: 'string' }, address: { type: 'string' } },
    required: ['card'],
    dependentRequired: { card: ['address'] },
  },
  'dependent schemas': {
    type: 'object',
    properties: { a: { type: 'string' } },
    required: ['a'],
    dependentSchemas: { a: object({ b: { type: 'integer' } }) },
  },
  recursion: {
    ...object({ node: { $ref: '#/$defs/node' } }),
    $defs: {
      node: object(
        { name: { type: 'string' } },
        {
          properties: {
            name: { type: 'string' },
            children: { type: 'array', items: { $ref: '#/$defs/node' } },
          },
        },
      ),
    },
  },
  'definitions (draft-07)': {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...object({ who: { $ref: '#/definitions/person' } }),
    definitions: {
      person: object({ name: { type: 'string', minLength: 1 }, age: { type: 'integer', minimum: 0 } }),
    },
  },
  'types as a list': object({ value: { type: ['null', 'integer'] }, other: { type: ['string', 'number'] } }),
  'a default that the schema refuses': object({ n: { type: 'integer', minimum: 5, default: 1 } }),
  'examples that the schema refuses': object({ n: { type: 'integer', minimum: 5, examples: ['many'] } }),
  'a default of the whole that lacks what is required': { ...object({ a: { type: 'string' } }), default: {} },
  'required without a property': { type: 'object', required: ['free'] },
  '2019-09': {
    $schema: 'https://json-schema.org/draft/2019-09/schema',
    ...object({ a: { type: 'string' } }),
  },
  'draft-04': { $schema: 'http://json-schema.org/draft-04/schema#', ...object({ a: { type: 'string' } }) },
  'unknown keywords': object({
    a: { type: 'string', 'x-order': 3, nullable: true, discriminator: { propertyName: 'a' } },
  }),
  'an $id': { $id: 'https://example.com/tool', ...object({ a: { type: 'string' } }) },
  'unevaluated properties': {
    ...object({ a: { type: 'string' } }),
    allOf: [{ properties: { b: { type: 'integer' } } }],
    unevaluatedProperties: false,
  },
};
