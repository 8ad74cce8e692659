import { describe, expect, test } from 'vitest';
import { besideCallsOf } from '../../src/derive/beside.ts';
import { server } from '../builders/server.ts';

const blockingWith = (
  driverCalls: readonly (readonly [subject: string, sentAtMs: number, receivedAtMs: number])[],
): ReturnType<ReturnType<typeof server>['evidence']>['blocking'] => ({
  ...server().evidence().blocking,
  driverCalls: driverCalls.map(([subject, sentAtMs, receivedAtMs]) => ({
    subject,
    sentAtMs,
    receivedAtMs,
    ok: true,
  })),
});

describe('the others beside a tool', () => {
  test('only those of their calls count that met one of its calls', () => {
    const meeting = Array.from({ length: 5 }, (_, i) => ['fast', 100 + i, 160 + i] as const);
    const away = Array.from({ length: 50 }, (_, i) => ['fast', 1000 + i, 1001 + i] as const);
    const blocking = blockingWith([['hash', 100, 150], ['hash', 140, 165], ...meeting, ...away]);
    expect(besideCallsOf(blocking, 'hash')).toEqual([{ subject: 'fast', calls: 5, p50Ms: 60, p99Ms: 60 }]);
  });

  test('a call that ended as the other began did not meet it', () => {
    const before = Array.from({ length: 5 }, () => ['fast', 50, 100] as const);
    expect(besideCallsOf(blockingWith([['hash', 100, 150], ...before]), 'hash')).toEqual([]);
  });

  test('nothing is said of a tool with too few calls to tell', () => {
    expect(
      besideCallsOf(
        blockingWith([
          ['hash', 0, 100],
          ['fast', 10, 90],
        ]),
        'hash',
      ),
    ).toEqual([]);
  });
});
