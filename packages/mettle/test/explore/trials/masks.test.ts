import { describe, expect, test } from 'vitest';
import { canonicalJson, createMask, maskFiles } from '../../../src/explore/trials/masks.ts';

const mask = createMask({
  directories: [{ path: '/tmp/mettle-race-x/state', name: '{dir}' }],
  pids: [4711],
  sinceMs: Date.now() - 10_000,
});

describe('what says nothing about a trial', () => {
  test('is masked: times of this run and of the virtual clock, in every usual form', () => {
    const now = new Date();
    for (const text of [
      now.toISOString(),
      String(now),
      now.toUTCString(),
      String(now.getTime()),
      `${String(now.getTime())}.25`,
      String(Math.floor(now.getTime() / 1000)),
      now.toISOString().slice(0, 10),
      '2032-02-10T01:02:03.004Z',
      '1959000000123',
    ])
      expect(mask(`at ${text}.`), text).toBe('at {time}.');
  });

  test('is masked: the working copy, the process’s number, durations', () => {
    expect(mask('/tmp/mettle-race-x/state/a.txt by 4711 in 12.5 ms')).toBe(
      '{dir}/a.txt by {pid} in {duration}',
    );
    expect(canonicalJson({ elapsedMs: 3, duration: 4, items: 5 })).toBe(
      '{"duration":"{duration}","elapsedMs":"{duration}","items":5}',
    );
  });

  test('is masked: what Mettle sets in the environment, which differs from process to process', () => {
    const env = { METTLE_STARTED: '2437.14', PATH: '/usr/bin' };
    const hidden = { METTLE_STARTED: '{ours}', PATH: '/usr/bin' };
    expect(mask(JSON.stringify(env, null, 2))).toBe(JSON.stringify(hidden, null, 2));
    expect(mask(JSON.stringify({ text: JSON.stringify(env, null, 2) }))).toBe(
      JSON.stringify({ text: JSON.stringify(hidden, null, 2) }),
    );
    expect(mask(JSON.stringify('PATH=/usr/bin\nMETTLE_STARTED=2437.14\nHOME=/'))).toBe(
      JSON.stringify('PATH=/usr/bin\nMETTLE_STARTED={ours}\nHOME=/'),
    );
  });

  test('is told from data: other times, other numbers, ids', () => {
    for (const text of [
      '2024-05-06T07:08:09Z',
      '1700000000',
      '14711',
      'forms',
      '2f1c0c1e-3c7b-4b7f-9a53-0f4d5c9b1a11',
    ])
      expect(mask(text), text).toBe(text);
  });
});

test('files whose names differ only in what is masked are told apart', () => {
  const now = Date.now();
  expect(maskFiles({ [`log-${String(now)}`]: 'a', [`log-${String(now - 1)}`]: 'b' }, mask)).toEqual({
    'log-{time}': 'a',
    'log-{time}#2': 'b',
  });
});

test('JSON text does not depend on the order of keys', () => {
  expect(canonicalJson({ b: [{ d: 1, c: 2 }], a: null })).toBe('{"a":null,"b":[{"c":2,"d":1}]}');
});
