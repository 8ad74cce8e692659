import { describe, expect, it } from 'vitest';
import { formatCost } from '../../src/report/figures.ts';

const of = (value: number, unit: string): string => formatCost({ value, unit, per: 'call' });

describe('what a finding costs', () => {
  it('is in the singular when it is one of a thing', () => {
    expect(of(1, 'sockets')).toBe('1 socket per call');
    expect(of(1, 'child processes')).toBe('1 child process per call');
    expect(of(3, 'child processes')).toBe('3 child processes per call');
  });

  it('keeps abbreviated units as they are', () => {
    expect(of(1, 'ms CPU')).toBe('1 ms CPU per call');
    expect(of(1, 'ms')).toBe('1 ms per call');
    expect(of(1, '% of calls')).toBe('1 % of calls per call');
  });
});
