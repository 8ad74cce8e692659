import { describe, expect, it } from 'vitest';
import { hostileArguments } from '../../src/load/hostile.ts';

const SCHEMA = {
  type: 'object',
  properties: {
    query: { type: 'string' },
    limit: { type: 'integer', minimum: 1, maximum: 50 },
    tags: { type: 'array', items: { type: 'string' } },
    options: { type: 'object', properties: { deep: { type: 'boolean' } } },
  },
  required: ['query', 'limit'],
} as const;

describe('hostile arguments', () => {
  const cases = hostileArguments(SCHEMA, { seed: 1 });
  const valueAt = (what: RegExp, key: string): unknown =>
    cases.find((each) => what.test(each.what))?.arguments[key];

  it('change one place at a time and leave the others valid', () => {
    const long = cases.find(({ what }) => what === 'a string of 1,000,000 characters at query');
    expect(long?.arguments['query']).toHaveLength(1_000_000);
    expect(long?.arguments['limit']).toBeGreaterThanOrEqual(1);
  });

  it('try every bound from both sides, strange text, many items, depth and other types', () => {
    const limits = cases
      .filter(({ what }) => /number -?\d+ at limit$/.test(what))
      .map((each) => each.arguments['limit']);
    expect(limits).toEqual(expect.arrayContaining([0, 1, 2, 49, 50, 51, -1, 2 ** 53]));
    expect(valueAt(/NUL character at query/, 'query')).toContain('\u0000');
    expect(valueAt(/half a surrogate pair at query/, 'query')).toMatch(/\uD800/);
    expect(valueAt(/10,000 items at tags/, 'tags')).toHaveLength(10_000);
    expect(valueAt(/null at options/, 'options')).toBeNull();
    expect(valueAt(/another type at query/, 'query')).toEqual({ a: 1 });
    expect(cases.some(({ what }) => what.endsWith('at options.deep'))).toBe(true);
  });

  it('can all be sent: whatever they hold, JSON holds it', () => {
    for (const each of cases) expect(() => JSON.stringify(each.arguments), each.what).not.toThrow();
    const prototype = cases.find(({ what }) => what.includes('__proto__'));
    expect(JSON.stringify(prototype?.arguments)).toContain('"__proto__":{"polluted":true}');
  });

  it('are the same for the same seed', () => {
    expect(hostileArguments(SCHEMA, { seed: 1 })).toEqual(cases);
    expect(hostileArguments(SCHEMA, { seed: 2 })).not.toEqual(cases);
  });

  it('go to what a property refers to, and past its being null', () => {
    const whats = hostileArguments(
      {
        properties: {
          shared: { $ref: '#/$defs/text' },
          either: { anyOf: [{ type: 'null' }, { type: 'integer', minimum: 100 }] },
          ring: { $ref: '#/$defs/ring' },
          nothing: { type: 'null' },
          strange: { type: 'file' },
          absent: { $ref: '#/$defs/none' },
        },
        $defs: { text: { type: 'string' }, ring: { $ref: '#/$defs/ring' } },
      },
      { seed: 1 },
    ).map(({ what }) => what);
    expect(whats).toEqual(
      expect.arrayContaining([
        'a NUL character at shared',
        'the number 99 at either',
        ...['ring', 'nothing', 'strange', 'absent'].map((name) => `null at ${name}`),
      ]),
    );
  });

  it('exist for a tool that takes nothing, or whose schema is none', () => {
    for (const schema of [undefined, { type: 'object' }, 'nonsense'])
      expect(hostileArguments(schema, { seed: 1 }).length).toBeGreaterThan(2);
  });
});
