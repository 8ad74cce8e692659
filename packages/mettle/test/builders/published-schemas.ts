import { readFileSync } from 'node:fs';
import type { ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect } from 'vitest';
import type { Result } from '../../src/evidence/index.ts';

type SchemaName = 'result' | 'against' | 'workload' | 'watch';

const compiled = new Map<string, ValidateFunction>();

/** What the published schema says against the value; empty when it is as promised. `strict` also tells fields that it does not know. */
export function complaintsAbout(name: SchemaName, value: unknown, strict = false): readonly string[] {
  const key = `${name} ${strict}`;
  const validate = compiled.get(key) ?? compile(name, strict);
  compiled.set(key, validate);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

/** The result that a command printed, as the published schema promises it, with no field that the schema leaves out. */
export function resultIn(text: string): Result {
  const value: unknown = JSON.parse(text);
  expect(complaintsAbout('result', value), 'by schema/result.schema.json').toEqual([]);
  expect(complaintsAbout('result', value, true), 'not in schema/result.schema.json').toEqual([]);
  return value as Result;
}

function compile(name: SchemaName, strict: boolean): ValidateFunction {
  const file = new URL(`../../schema/${name}.schema.json`, import.meta.url);
  const schema = JSON.parse(readFileSync(file, 'utf8')) as object;
  // Unknown keywords and formats would be passed over in silence.
  return new Ajv2020({ allErrors: true, allowUnionTypes: true, strict: true, strictRequired: false }).compile(
    strict ? (closed(schema) as object) : schema,
  );
}

/** The schema with every object closed to fields it does not name. */
function closed(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(closed);
  if (typeof value !== 'object' || value === null) return value;
  const inner = Object.fromEntries(Object.entries(value).map(([key, each]) => [key, closed(each)]));
  return 'properties' in inner && 'type' in inner && !('additionalProperties' in inner)
    ? { ...inner, additionalProperties: false }
    : inner;
}
