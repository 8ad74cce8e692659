import { describe, expect, it } from 'vitest';
import { declaredBound } from '../../../../src/derive/heap/growth/declared.ts';

const bound = (
  fields: Readonly<Record<string, number>>,
  size = 300,
  owner: string | null = 'entries',
): unknown =>
  declaredBound(
    Object.entries(fields).map(([name, value]) => ({ name, value })),
    size,
    owner,
  );

describe('a bound that fields beside a container declare', () => {
  it('is a limit by one of the usual names, private ones too', () => {
    expect(bound({ max: 100_000 })).toEqual({ kind: 'declared', property: 'max', limit: 100_000 });
    expect(bound({ '#maxEntries': 5000 })).toMatchObject({ limit: 5000 });
    expect(bound({ _capacity: 5000 })).toMatchObject({ limit: 5000 });
    expect(bound({ maxSessions: 5000 }, 300, 'sessions')).toMatchObject({ limit: 5000 });
  });

  it('is an age', () => {
    expect(bound({ ttlMs: 30_000 })).toEqual({ kind: 'ttl', ttlMs: 30_000, property: 'ttlMs' });
    expect(bound({ maxAgeMs: 60_000 })).toMatchObject({ kind: 'ttl', ttlMs: 60_000 });
  });

  it('is none that the container has passed already', () => {
    expect(bound({ max: 100 }, 300)).toBeNull();
  });

  it('is none that bounds something else', () => {
    expect(
      bound({
        _maxRequestBodySize: 4_194_304,
        maxRetries: 500,
        maxListeners: 1000,
        headerLimit: 65_536,
        keepAliveTimeout: 5000,
        createdAt: 1_795_000_000_000,
      }),
    ).toBeNull();
  });
});
