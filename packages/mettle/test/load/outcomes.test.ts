import { describe, expect, it } from 'vitest';
import { failureOf, isSuccess, OutcomeTally } from '../../src/load/outcomes.ts';
import type { Reply } from '../../src/session/session.ts';

const base = { sentAtMs: 0, latencyMs: 1, bytes: 1 };
const success: Reply = { ...base, outcome: 'result', result: { content: [] } };
const toolError = (...texts: string[]): Reply => ({
  ...base,
  outcome: 'result',
  result: { isError: true, content: texts.map((text) => ({ type: 'text', text })) },
});
const rpcError: Reply = { ...base, outcome: 'error', error: { code: -32602, message: 'Invalid params' } };
const timeout: Reply = { ...base, outcome: 'timeout', message: 'no answer within 30 s' };
const lost: Reply = { ...base, outcome: 'lost', message: 'the server exited with code 1' };

describe('an outcome', () => {
  it('is a success only without isError', () => {
    expect([success, toolError('x'), rpcError, timeout, lost].map(isSuccess)).toEqual([
      true,
      false,
      false,
      false,
      false,
    ]);
    expect(failureOf(success)).toBeNull();
  });
  it('names the kind of failure and says what the server said', () => {
    expect([toolError('not found'), rpcError, timeout, lost].map(failureOf)).toEqual([
      { kind: 'tool error', message: 'not found' },
      { kind: 'JSON-RPC -32602', message: 'Invalid params' },
      { kind: 'timeout', message: 'no answer within 30 s' },
      { kind: 'lost', message: 'the server exited with code 1' },
    ]);
  });
  it('shows one line, without secrets, of at most 300 characters', () => {
    const message =
      failureOf(toolError(`401\n  for Bearer abcdef0123456789`, 'x'.repeat(400)))?.message ?? '';
    expect(message).toMatch(/^401 for \*\*\* x+…$/);
    expect(message).toHaveLength(300);
  });
  it('of isError without a text says so', () => {
    expect(failureOf({ ...base, outcome: 'result', result: { isError: true } })?.message).toBe(
      'isError without a text',
    );
    expect(
      failureOf({
        ...base,
        outcome: 'result',
        result: { isError: true, content: [null, { type: 'image' }, { text: 5 }] },
      })?.message,
    ).toBe('isError without a text');
  });
});

it('a tally counts calls, errors by kind, and keeps the first error', () => {
  const tally = new OutcomeTally();
  expect(
    [success, toolError('first'), rpcError, toolError('second')].map((reply) => tally.add(reply)),
  ).toEqual([true, false, false, false]);
  expect(tally.counts()).toEqual({
    calls: 4,
    errors: 3,
    errorKinds: { 'tool error': 2, 'JSON-RPC -32602': 1 },
    firstError: 'first',
  });
  expect(tally.successes).toBe(1);
});
