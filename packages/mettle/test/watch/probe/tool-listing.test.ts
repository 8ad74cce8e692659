import { describe, expect, it } from 'vitest';
import { compareListings, listingOf } from '../../../src/watch/probe/tool-listing.ts';

const SCHEMA = { type: 'object', properties: { b: { type: 'number' }, a: { enum: [1, null, 'x'] } } };
const TURNED = { properties: { a: { enum: [1, null, 'x'] }, b: { type: 'number' } }, type: 'object' };

function listing(...tools: readonly Readonly<Record<string, unknown>>[]): ReturnType<typeof listingOf> {
  return listingOf(tools, 1, 100);
}

describe('a tool list', () => {
  it('is the same in whatever order tools and keys come, and whatever dialect schemas name', () => {
    const one = listing({ name: 'b', inputSchema: SCHEMA }, { name: 'a', title: 'A', annotations: {} });
    const other = listing(
      { annotations: {}, title: 'A', name: 'a' },
      { inputSchema: { $schema: 'http://json-schema.org/draft-07/schema#', ...TURNED }, name: 'b' },
    );
    expect(other.digest).toBe(one.digest);
    expect(compareListings(one, other)).toEqual([]);
  });

  it('is another when a text only moves from one member to the next', () => {
    const one = listing({ name: 'ab', description: 'c' });
    expect(listing({ name: 'a', description: 'bc' }).digest).not.toBe(one.digest);
    expect(listing({ name: 'ab', description: 'c', title: '' }).digest).not.toBe(one.digest);
    expect(listing({ name: 'ab', inputSchema: { enum: [1, 2] } }).digest).not.toBe(
      listing({ name: 'ab', inputSchema: { enum: [2, 1] } }).digest,
    );
  });

  it('keeps schemas as JSON, whatever their keys are called', () => {
    const odd = JSON.parse('{"a\\"b": 1, "__proto__": {"x": "\\n"}, "10": [], "9": {}}') as Record<
      string,
      unknown
    >;
    const [tool] = listing({ name: 'odd', inputSchema: odd }).tools;
    expect(JSON.parse(tool?.schema ?? '')).toEqual({ inputSchema: odd });
    expect(tool?.schema).toBe('{"inputSchema":{"10":[],"9":{},"__proto__":{"x":"\\n"},"a\\"b":1}}');
  });
});
