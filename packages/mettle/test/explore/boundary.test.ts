import { describe, expect, test } from 'vitest';
import type { RaceAnswer, RaceCall } from '../../src/evidence/index.ts';
import { boundaryOf } from '../../src/explore/search/boundary.ts';

const calls = Array.from({ length: 20 }, (_, index): RaceCall => ({
  tool: 'register',
  arguments: { id: `user-${index}` },
  connection: 0,
}));

function edge(answer: (index: number) => string | RaceAnswer): number | null {
  const answers = calls.map((_, index): RaceAnswer => {
    const given = answer(index);
    return typeof given === 'string' ? { status: 'success', text: given } : given;
  });
  return boundaryOf(calls, answers);
}

describe('the call from which on the answer is of another kind', () => {
  test('is told by its text, or by its being an error', () => {
    expect(edge((index) => (index < 10 ? 'ok' : 'full'))).toBe(10);
    expect(edge((index) => (index < 3 ? 'ok' : { status: 'tool-error', text: 'quota exceeded' }))).toBe(3);
  });

  test('is not told by the call’s own arguments, nor by a count', () => {
    expect(edge((index) => `registered user-${index}, ${index + 1} in all`)).toBeNull();
  });

  test('is none when answers go back and forth, or when it is only the last', () => {
    expect(edge((index) => (index % 3 === 2 ? 'flushed' : 'ok'))).toBeNull();
    expect(edge((index) => (index === 19 ? 'full' : 'ok'))).toBeNull();
  });
});
