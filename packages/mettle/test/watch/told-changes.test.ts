import { describe, expect, it } from 'vitest';
import { ToldChanges } from '../../src/watch/index.ts';

const MINUTE_MS = 60_000;
const up = { status: 'up', failedPhase: null, httpStatus: 200, sentence: '' } as const;
const refused = (port: number) =>
  ({ status: 'down', failedPhase: 'connect', httpStatus: null, sentence: `Port ${port} refuses.` }) as const;
const broken = {
  status: 'down',
  failedPhase: 'handshake',
  httpStatus: 503,
  sentence: 'It says 503.',
} as const;

/** What is said of one look a minute. */
function said(looks: readonly (typeof up | ReturnType<typeof refused> | typeof broken)[]): (string | null)[] {
  let nowMs = 0;
  const changes = new ToldChanges(() => nowMs);
  return looks.map((look) => {
    const sentence = changes.sentence('orders', look);
    nowMs += MINUTE_MS;
    return sentence;
  });
}

describe('what a log has to say of looks', () => {
  it('is the first that fails, one that fails otherwise, and the first that finds the server up again', () => {
    expect(said([up, refused(1), refused(2), broken, broken, up, up])).toEqual([
      null,
      'orders: Port 1 refuses.',
      null,
      'orders: It says 503.',
      null,
      'orders: up again after 4 min and 4 looks that failed.',
      null,
    ]);
  });

  it('is, once an hour, that nothing has changed', () => {
    const lines = said(Array.from({ length: 181 }, () => broken));
    expect(lines.flatMap((line, minute) => (line === null ? [] : [[minute, line]]))).toEqual([
      [0, 'orders: It says 503.'],
      [60, 'orders: not up for 60 min now: It says 503.'],
      [120, 'orders: not up for 2 h now: It says 503.'],
      [180, 'orders: not up for 3 h now: It says 503.'],
    ]);
  });

  it('is of each server by itself', () => {
    const changes = new ToldChanges(() => 0);
    expect(changes.sentence('a', broken)).toBe('a: It says 503.');
    expect(changes.sentence('b', broken)).toBe('b: It says 503.');
    expect(changes.sentence('a', up)).toBe('a: up again after 0 ms and 1 look that failed.');
  });
});
