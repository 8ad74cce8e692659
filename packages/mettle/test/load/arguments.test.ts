import { describe, expect, it } from 'vitest';
import { prepareArguments } from '../../src/load/arguments.ts';
import type { ArgumentHints } from '../../src/load/modest-schema.ts';
import { compileSchema } from '../../src/load/schema-validator.ts';
import { HARD_SCHEMAS } from './hard-schemas.ts';

type Arguments = Readonly<Record<string, unknown>>;

function samplesOf(
  schema: unknown,
  more: { seed?: number; hints?: ArgumentHints } = {},
): readonly Arguments[] {
  const prepared = prepareArguments(schema, { seed: more.seed ?? 1, hints: more.hints ?? {} });
  if (prepared.samples === null) throw new Error(prepared.reason);
  return prepared.samples;
}
/** Samples of a schema with these properties, all required unless said otherwise. */
function ofProperties(
  properties: Arguments,
  required: readonly string[] = Object.keys(properties),
): readonly Arguments[] {
  return samplesOf({ type: 'object', properties, required });
}
function valuesOf(property: string, schema: unknown): readonly unknown[] {
  return ofProperties({ [property]: schema }).map((sample) => sample[property]);
}

describe('arguments from a schema', () => {
  for (const [kind, schema] of Object.entries(HARD_SCHEMAS)) {
    it(`are valid for ${kind}`, () => {
      const validate = compileSchema(schema);
      for (const seed of [1, 2, 3]) {
        const samples = samplesOf(schema, { seed });
        expect(samples.length).toBeGreaterThan(0);
        for (const sample of samples) expect(validate(sample), JSON.stringify(sample)).toBe(true);
      }
    });
  }

  it('are the same for the same seed, and others for another', () => {
    const schema = {
      type: 'object',
      properties: { a: { type: 'integer' }, b: { type: 'string' } },
      required: ['a', 'b'],
    };
    expect(samplesOf(schema, { seed: 5 })).toEqual(samplesOf(schema, { seed: 5 }));
    expect(samplesOf(schema, { seed: 5 })).not.toEqual(samplesOf(schema, { seed: 6 }));
  });
  it('vary within the pool', () => {
    const samples = ofProperties({ a: { type: 'integer' }, b: { type: 'string' } });
    expect(samples).toHaveLength(16);
    expect(new Set(samples.map((sample) => JSON.stringify(sample))).size).toBeGreaterThan(8);
  });
  it('of a tool without a schema are empty', () => {
    expect(samplesOf(undefined)).toEqual([{}]);
  });
});

describe('what the author gave comes first', () => {
  it('examples of the whole', () => {
    const schema = {
      type: 'object',
      properties: { q: { type: 'string' } },
      required: ['q'],
      examples: [{ q: 'one' }, { wrong: 1 }, { q: 'two' }],
    };
    expect(samplesOf(schema)).toEqual([{ q: 'one' }, { q: 'two' }]);
  });
  it('examples, defaults, constants and enumerations of a property', () => {
    expect(new Set(valuesOf('q', { type: 'string', examples: ['x1', 'x2'] }))).toEqual(new Set(['x1', 'x2']));
    expect(new Set(valuesOf('q', { type: 'string', default: 'd' }))).toEqual(new Set(['d']));
    expect(new Set(valuesOf('q', { const: 'c' }))).toEqual(new Set(['c']));
    expect(valuesOf('q', { enum: ['e1', 'e2'] }).every((value) => value === 'e1' || value === 'e2')).toBe(
      true,
    );
  });
});

describe('arguments are modest', () => {
  it('unbounded numbers are 1 to 10, bounded ones near their minimum', () => {
    for (const value of valuesOf('count', { type: 'integer' }))
      expect([1, 2, 3, 4, 5, 6, 7, 8, 9, 10]).toContain(value);
    for (const value of valuesOf('count', { type: 'integer', minimum: 100, maximum: 1e9 }) as number[])
      expect(value).toBeLessThan(110);
    for (const value of valuesOf('count', {
      type: 'integer',
      minimum: Number.MIN_SAFE_INTEGER,
      maximum: 3,
    }) as number[])
      expect(Math.abs(value)).toBeLessThanOrEqual(10);
  });
  it('waits are as short as allowed, whatever the default says', () => {
    expect(new Set(valuesOf('delayMs', { type: 'integer', default: 60_000 }))).toEqual(new Set([1]));
    expect(new Set(valuesOf('sleep_seconds', { type: 'integer', minimum: 0, maximum: 600 }))).toEqual(
      new Set([0]),
    );
    expect(new Set(valuesOf('duration', { type: 'number', default: 10 }))).toEqual(new Set([0.01]));
  });
  it('optional waits are sent, since the default may be long', () => {
    for (const sample of ofProperties({ q: { type: 'string' }, duration: { type: 'number', default: 10 } }, [
      'q',
    ]))
      expect(sample['duration']).toBe(0.01);
  });
  it('a time-out keeps its default', () => {
    expect(new Set(valuesOf('timeoutMs', { type: 'integer', default: 5000 }))).toEqual(new Set([5000]));
  });
  it('strings are short and lists hold one or two items', () => {
    for (const value of valuesOf('query', { type: 'string' }) as string[])
      expect(value.length).toBeLessThan(20);
    for (const value of valuesOf('ids', { type: 'array', items: { type: 'string' } }) as string[][])
      expect([1, 2]).toContain(value.length);
  });
  it('the first sample, and every other one, leaves optional arguments out', () => {
    const samples = ofProperties(
      { q: { type: 'string' }, extra: { type: 'string' }, more: { type: 'integer' } },
      ['q'],
    );
    for (const [i, sample] of samples.entries()) if (i % 2 === 0) expect(Object.keys(sample)).toEqual(['q']);
    expect(samples.some((sample) => Object.keys(sample).length > 1)).toBe(true);
  });
});

describe('arguments are harmless', () => {
  const everyText = (samples: readonly Arguments[]): string => JSON.stringify(samples);

  it('URLs lead to the loopback', () => {
    const properties = {
      url: { type: 'string' },
      website: { type: 'string', pattern: '^https://' },
      link: { type: 'string', format: 'uri' },
      webhookUrl: { type: 'string' },
    };
    const hosts = [...everyText(ofProperties(properties)).matchAll(/:\/\/([^/"]*)/g)].map(
      (match) => match[1],
    );
    expect(new Set(hosts)).toEqual(new Set(['127.0.0.1:9']));
  });
  it('a host that only the pattern allows is not called: the tool gets no arguments', () => {
    const schema = {
      type: 'object',
      properties: { repository: { type: 'string', pattern: '^https://[a-z]{8}\\.com/$' } },
      required: ['repository'],
    };
    expect(prepareArguments(schema, { seed: 1 })).toEqual({
      samples: null,
      reason: 'no arguments that satisfy its input schema could be generated',
    });
  });
  it('a path is a file where the tool is about one file, or the list is of files', () => {
    const hints = { directory: '/data', file: '/data/a.txt' };
    const pathFor = (name: string, property: string): unknown => {
      const items = property === 'paths' ? { type: 'array', items: { type: 'string' } } : { type: 'string' };
      const schema = { type: 'object', properties: { [property]: items }, required: [property] };
      return samplesOf(schema, { hints: { ...hints, tool: name } })[0]?.[property];
    };
    expect(pathFor('read_file', 'path')).toBe('/data/a.txt');
    expect(pathFor('getFileInfo', 'path')).toBe('/data/a.txt');
    expect(pathFor('read_multiple_files', 'paths')).toContain('/data/a.txt');
    expect(pathFor('search_files', 'path')).toBe('/data');
    expect(pathFor('list_directory', 'path')).toBe('/data');
  });
  it('paths lead to the directory and the file that were hinted', () => {
    const schema = {
      type: 'object',
      properties: { path: { type: 'string' }, fileName: { type: 'string' }, uri: { type: 'string' } },
      required: ['path', 'fileName', 'uri'],
    };
    expect(samplesOf(schema, { hints: { directory: '/data', file: '/data/a b.txt' } })[0]).toEqual({
      path: '/data',
      fileName: '/data/a b.txt',
      uri: 'file:///data/a%20b.txt',
    });
    expect(samplesOf(schema, { hints: { directory: '/data' } })[0]).toMatchObject({ fileName: '/data' });
    expect(samplesOf(schema)[0]).toMatchObject({ path: '.', uri: expect.stringContaining('127.0.0.1') });
  });
});

describe('a schema that cannot be met', () => {
  it('gives a reason when nothing satisfies it', () => {
    const prepared = prepareArguments(
      { type: 'object', properties: { n: { type: 'integer', minimum: 5, maximum: 4 } }, required: ['n'] },
      { seed: 1 },
    );
    expect(prepared).toEqual({
      samples: null,
      reason: 'no arguments that satisfy its input schema could be generated',
    });
  });
  it.each([
    ['itself', { $ref: '#' }],
    ['a part that refers to itself', { $ref: '#/$defs/a', $defs: { a: { anyOf: [{ $ref: '#/$defs/a' }] } } }],
    ['a ring', { $ref: '#/$defs/a', $defs: { a: { $ref: '#/$defs/b' }, b: { $ref: '#/$defs/a' } } }],
  ])('gives a reason when it refers to %s without end', (_what, schema) => {
    expect(prepareArguments(schema, { seed: 1 })).toEqual({ samples: null, reason: expect.any(String) });
  });

  it('gives a reason when it refers to what is not there', () => {
    const prepared = prepareArguments(
      { type: 'object', properties: { n: { $ref: 'https://example.com/absent.json' } } },
      { seed: 1 },
    );
    expect(prepared).toMatchObject({
      samples: null,
      reason: expect.stringMatching(/^its input schema cannot be read: can't resolve reference/),
    });
  });
  it('gives a reason when it is no object', () => {
    expect(prepareArguments('string', { seed: 1 })).toEqual({
      samples: null,
      reason: 'its input schema is not an object',
    });
  });
});
