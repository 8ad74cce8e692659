import { pathToFileURL } from 'node:url';
import { wordsOf } from './from-and-to.ts';

type Schema = Readonly<Record<string, unknown>>;

/** What is known about the target that a schema does not say. */
export interface ArgumentHints {
  /** A directory that the server may read: for arguments named like a path. */
  readonly directory?: string;
  /** A file that the server may read: for arguments named like a file. */
  readonly file?: string;
  /** The tool's name: "read_file" tells what its `path` is. */
  readonly tool?: string;
}

export interface ModestOptions {
  readonly hints: ArgumentHints;
  /** Whether `examples` and `default` decide; false when they turned out to be invalid by the schema itself. */
  readonly useGiven: boolean;
}

/** Port 9 (discard) of the loopback: answers nothing, and no request of ours leaves the machine. */
export const LOOPBACK_URL = 'http://127.0.0.1:9/';

/** A number that nothing bounds is drawn from ten steps: varied, but a "count" or "depth" stays cheap. */
const NUMBER_STEPS = 10;
const WORDS = ['alpha', 'note', 'sample', 'value', 'item one', 'data', 'x', 'test'];

/** Numbers that make a call take longer; sent even when optional, because their defaults can be long. */
const WAIT = new Set([
  'duration',
  'delay',
  'wait',
  'sleep',
  'pause',
  'seconds',
  'secs',
  'minutes',
  'ms',
  'millis',
  'milliseconds',
]);
const PATH = new Set([
  'path',
  'paths',
  'filepath',
  'file',
  'files',
  'filename',
  'dir',
  'directory',
  'directories',
  'folder',
  'root',
  'cwd',
]);
const FILE = new Set(['filepath', 'file', 'files', 'filename']);
const URI = new Set(['uri', 'uris']);
const URL_LIKE = new Set(['url', 'urls', 'href', 'link', 'endpoint', 'webhook', 'website']);

/**
 * A narrower schema whose values are small, quick and harmless: examples and defaults first, numbers near their
 * minimum, short strings and lists, no waiting, no public host. Values must still be validated by the schema itself.
 */
export function modestSchema(schema: unknown, options: ModestOptions): unknown {
  return narrow(schema, '', options);
}

function narrow(schema: unknown, name: string, options: ModestOptions): unknown {
  if (!isSchema(schema)) return schema;
  const given = givenValues(schema, name, options.useGiven);
  if (given !== null) return { enum: given };
  if ('const' in schema || 'enum' in schema) return schema;
  const typed = withOneType(schema);
  const parts = { ...typed, ...narrowParts(typed, name, options) };
  switch (typed['type']) {
    case 'integer':
    case 'number':
      return { ...parts, ...numberBounds(typed, waitNamed(name)) };
    case 'string':
      return { ...parts, ...stringChoice(typed, name, options.hints) };
    case 'array':
      return { ...parts, ...lengthBounds(typed) };
    default:
      return isSchema(typed['properties']) ? { ...parts, required: requiredNames(typed) } : parts;
  }
}

/** The author's own values; passed over where they make the call wait, since they may be any length. */
function givenValues(schema: Schema, name: string, useGiven: boolean): readonly unknown[] | null {
  if (!useGiven || isWait(schema, name)) return null;
  const examples = schema['examples'];
  if (Array.isArray(examples) && examples.length > 0) return examples;
  if ('default' in schema && schema['default'] !== null) return [schema['default']];
  return null;
}

/** Of several types, the first that is not null: a null argument is seldom what a caller sends. */
function withOneType(schema: Schema): Schema {
  const types = schema['type'];
  if (!Array.isArray(types)) return schema;
  return { ...schema, type: types.find((type) => type !== 'null') ?? 'null' };
}

function narrowParts(schema: Schema, name: string, options: ModestOptions): Record<string, unknown> {
  const out: Record<string, unknown> = {};
  for (const keyword of ['properties', 'patternProperties', '$defs', 'definitions', 'dependentSchemas']) {
    const named = schema[keyword];
    if (!isSchema(named)) continue;
    out[keyword] = Object.fromEntries(
      Object.entries(named).map(([key, value]) => [key, narrow(value, key, options)]),
    );
  }
  for (const keyword of ['items', 'prefixItems', 'additionalProperties', 'allOf', 'then', 'else']) {
    const value = schema[keyword];
    if (Array.isArray(value)) out[keyword] = value.map((each) => narrow(each, name, options));
    else if (isSchema(value)) out[keyword] = narrow(value, name, options);
  }
  // The generator knows tuples in their 2020-12 form only.
  if (Array.isArray(out['items'])) {
    out['prefixItems'] = out['items'];
    out['items'] = schema['additionalItems'] ?? true;
  }
  for (const keyword of ['anyOf', 'oneOf']) {
    const value = schema[keyword];
    if (!Array.isArray(value)) continue;
    const solid = value.filter((each) => !(isSchema(each) && each['type'] === 'null'));
    out[keyword] = (solid.length > 0 ? solid : value).map((each) => narrow(each, name, options));
  }
  return out;
}

function requiredNames(schema: Schema): readonly string[] {
  const required = Array.isArray(schema['required'])
    ? schema['required'].filter((each) => typeof each === 'string')
    : [];
  const waiting = Object.entries(schema['properties'] as Schema)
    .filter(([name, value]) => isSchema(value) && isWait(value, name))
    .map(([name]) => name);
  return [...new Set([...required, ...waiting])];
}

function numberBounds(schema: Schema, wait: 'duration' | 'count' | null): Record<string, unknown> {
  const whole = schema['type'] === 'integer';
  const low = numberOf(schema['minimum']);
  const above = numberOf(schema['exclusiveMinimum']);
  const high = numberOf(schema['maximum']) ?? numberOf(schema['exclusiveMaximum']);
  const step = numberOf(schema['multipleOf']) ?? 1;
  const least = low ?? (above === null ? null : above + (whole ? step : step / 100));
  const start = least !== null && least >= 0 ? least : freeStart(least, high, step);
  const first = whole || 'multipleOf' in schema ? Math.ceil(start / step) * step : start;
  if (wait !== null) return { enum: [wait === 'count' ? first : shortest(schema, first)] };
  const steps = Array.from({ length: NUMBER_STEPS }, (_, i) => first + i * step).filter(
    (value) => high === null || value <= high,
  );
  // Bounds closer than one step, such as 0 to 0.5: any number between them is modest.
  return steps.length > 1 ? { enum: steps } : {};
}

/** Where nothing keeps a number positive (`z.int()` allows ±2^53): 1, since 0 often means "none" or "for ever"; or ten steps below the most allowed. */
function freeStart(least: number | null, high: number | null, step: number): number {
  if (high === null || high >= 1) return 1;
  return Math.max(least ?? Number.NEGATIVE_INFINITY, high - (NUMBER_STEPS - 1) * step);
}

/** A wait that may be a fraction and has no lower bound: 0.01, which is short whether it means seconds or milliseconds. */
function shortest(schema: Schema, first: number): number {
  const unbounded = !['minimum', 'exclusiveMinimum', 'multipleOf'].some((keyword) => keyword in schema);
  return schema['type'] === 'number' && unbounded ? Math.min(0.01, first) : first;
}

function stringChoice(schema: Schema, name: string, hints: ArgumentHints): Record<string, unknown> {
  const likely = likelyStrings(schema, name, hints);
  const fitting = likely.filter((text) => fits(text, schema));
  return fitting.length > 0 ? { enum: fitting } : {};
}

function likelyStrings(schema: Schema, name: string, hints: ArgumentHints): readonly string[] {
  const words = wordsOf(name);
  const format = schema['format'];
  if (words.some((word) => URI.has(word)) && hints.directory !== undefined)
    return [pathToFileURL(hints.file ?? hints.directory).href];
  if (
    format === 'uri' ||
    format === 'url' ||
    format === 'iri' ||
    words.some((word) => URI.has(word) || URL_LIKE.has(word))
  )
    return [LOOPBACK_URL, 'https://127.0.0.1:9/'];
  if (format !== undefined) return [];
  if (words.some((word) => PATH.has(word))) {
    const directory = hints.directory ?? '.';
    return [meansFile(words, hints.tool ?? '') ? (hints.file ?? directory) : directory];
  }
  return WORDS;
}

/** `fileName`; `path` of "read_file", not of "search_files"; `paths` of "read_files". */
function meansFile(words: readonly string[], tool: string): boolean {
  const toolWords = wordsOf(tool);
  return (
    words.some((word) => FILE.has(word)) ||
    toolWords.includes('file') ||
    (toolWords.includes('files') && words.includes('paths'))
  );
}

function fits(text: string, schema: Schema): boolean {
  const minLength = numberOf(schema['minLength']) ?? 0;
  const maxLength = numberOf(schema['maxLength']) ?? Number.POSITIVE_INFINITY;
  if (text.length < minLength || text.length > maxLength) return false;
  const pattern = schema['pattern'];
  if (typeof pattern !== 'string') return true;
  try {
    return new RegExp(pattern, 'u').test(text);
  } catch {
    return false;
  }
}

/** One or two items: an empty list often means that there is nothing to do. */
function lengthBounds(schema: Schema): Record<string, unknown> {
  const most = numberOf(schema['maxItems']) ?? Number.POSITIVE_INFINITY;
  const least = Math.min(Math.max(numberOf(schema['minItems']) ?? 0, 1), most);
  return { minItems: least, maxItems: Math.min(Math.max(least, 2), most) };
}

function isWait(schema: Schema, name: string): boolean {
  return ['integer', 'number'].includes(String(withOneType(schema)['type'])) && waitNamed(name) !== null;
}

/** What a number of this name does to the length of a call. A time-out is no wait: a short one fails calls that would succeed. */
function waitNamed(name: string): 'duration' | 'count' | null {
  const words = wordsOf(name);
  if (words.includes('timeout')) return null;
  if (words.some((word) => WAIT.has(word))) return 'duration';
  return words.includes('steps') ? 'count' : null;
}

function numberOf(value: unknown): number | null {
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function isSchema(value: unknown): value is Schema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
