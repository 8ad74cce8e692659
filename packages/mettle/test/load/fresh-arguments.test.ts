import { describe, expect, it } from 'vitest';
import { isOpen, varyArguments } from '../../src/load/fresh-arguments.ts';
import { compileSchema } from '../../src/load/schema-validator.ts';

type Arguments = Readonly<Record<string, unknown>>;

function varied(properties: object, sample: Arguments): Arguments | null {
  const schema = { type: 'object', properties, additionalProperties: false };
  return varyArguments(schema, [sample], compileSchema(schema))?.(sample, 123) ?? null;
}

describe('arguments that no call had before', () => {
  it('have a free text with a number behind it', () => {
    expect(
      varied({ query: { type: 'string' }, limit: { type: 'integer' } }, { query: 'note', limit: 3 }),
    ).toEqual({ query: 'note 123', limit: 3 });
  });

  it('leave texts alone that have to be what they are', () => {
    expect(varied({ unit: { enum: ['km', 'mi'], type: 'string' } }, { unit: 'km' })).toBeNull();
    expect(varied({ when: { type: 'string', format: 'date' } }, { when: '2026-01-01' })).toBeNull();
    expect(varied({ path: { type: 'string' } }, { path: './src' })).toBeNull();
    expect(varied({ url: { type: 'string' } }, { url: 'http://127.0.0.1:9/' })).toBeNull();
  });

  it('stay within the schema however far the number goes', () => {
    expect(varied({ code: { type: 'string', maxLength: 6 } }, { code: 'a' })).toBeNull();
  });

  it('take a number that says nothing of how much is to be done', () => {
    expect(varied({ book: { type: 'integer' } }, { book: 7 })).toEqual({ book: 130 });
    expect(varied({ limit: { type: 'integer' } }, { limit: 7 })).toBeNull();
  });

  it('begin a list of texts with a new one, not one of given texts', () => {
    const words = { type: 'array', items: { type: 'string' } };
    expect(varied({ words }, { words: ['a', 'b'] })).toEqual({ words: ['a 123', 'b'] });
    expect(varied({ words }, { words: [] })).toBeNull();
    expect(
      varied({ units: { type: 'array', items: { enum: ['km'], type: 'string' } } }, { units: ['km'] }),
    ).toBeNull();
  });
});

describe('whether there is any number of arguments', () => {
  it('is not so of yes or no, and of what is enumerated', () => {
    const of = (properties: object): boolean => isOpen({ type: 'object', properties });
    expect(of({ deep: { type: 'boolean' }, unit: { enum: ['km', 'mi'] } })).toBe(false);
    expect(of({})).toBe(false);
    expect(of({ path: { type: 'string' } })).toBe(true);
  });
});
