import { describe, expect, test } from 'vitest';
import { formatAddress, parseReplay } from '../../src/explore/address.ts';
import { parseToken, tokenOfSpec } from '../../src/explore/tokens/token.ts';

const call = (
  subject: string,
  number: number,
  connection = 0,
): { subject: string; number: number; connection: number } => ({
  subject,
  number,
  connection,
});

describe('tokens', () => {
  test('name who goes first, and where it is left for whom', () => {
    expect(parseToken('B,A:B#2>A,A#7>B#3')).toEqual({
      lanes: ['B', 'A'],
      schedule: {
        deviations: [
          { after: 'B#2', take: 'A' },
          { after: 'A#7', take: 'B#3' },
        ],
      },
    });
    expect(parseToken('A,B:')).toEqual({ lanes: ['A', 'B'], schedule: { deviations: [] } });
  });

  test.each([
    { strategy: 'random', seed: 5 },
    { strategy: 'pos', seed: 6 },
    { strategy: 'pct', seed: 7, depth: 3, length: 120 },
    { strategy: 'breadth' },
    { strategy: 'delay', seed: 8, longestMs: 20 },
  ] as const)('of a strategy give it back: $strategy', (spec) => {
    expect(parseToken(tokenOfSpec(2, spec))).toEqual({ lanes: ['A', 'B'], schedule: { spec } });
  });

  test.each(['', 'A', 'A,B', 'A,A:', 'A,C:', 'A,B:A#2', 'A,B:A#x>B', 'a,b:'])('refuse %j', (text) => {
    expect(parseToken(text)).toBeNull();
  });
});

describe('addresses of calls', () => {
  test('write runs of numbers as one, and keep names whatever they hold', () => {
    const calls = [call('a/b', 9), call("it's; a,tool@^1", 10, 1)];
    const after = [
      ...Array.from({ length: 9 }, (_, index) => call('a/b', index)),
      call('c', 1),
      call('c', 2),
    ];
    const text = formatAddress({ calls, after });
    expect(text).toMatch(/^a\/b@9,[^;]*\^1;after=a\/b@0-8,c@1,c@2$/);
    expect(parseReplay(`${text};A,B:`)).toEqual({ address: { calls, after }, token: 'A,B:' });
  });
});
