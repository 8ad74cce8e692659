import { describe, expect, it } from 'vitest';
import { unboundedCache } from '../../../src/detect/detectors/unbounded-cache.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { leaksFound, onlyFinding, staysSilent } from './every-pattern.ts';

const CACHE: Grows = {
  keyed: true,
  bytesPerCall: 3799,
  owner: { kind: 'object', className: 'Object', name: 'responses' },
  at: 'src/lookup.js:44',
};

describe('unbounded-cache', () => {
  it('is what grows with new arguments and not with old ones', () => {
    const finding = onlyFinding(leakRun().calls('lookup').grows(CACHE));
    expect(finding.title).toBe(
      '`lookup` keeps one entry in the Object `responses` per call with new arguments, without bound: 3.71 KiB per call, at src/lookup.js:44',
    );
    expect(finding.fix).toContain('boundedCache({ max: 1000, ttlMs: 60_000 })');
  });

  it('is a cache though what it keeps are buffers, or settled promises', () => {
    const buffers: Grows = { ...CACHE, externalBytesPerCall: 3000, element: { kind: 'buffer' } };
    expect(leaksFound(leakRun().calls('lookup').grows(buffers))).toEqual([['unbounded-cache', 'lookup']]);
    const promises: Grows = { ...CACHE, element: { kind: 'promise', description: 'Promise' } };
    expect(leaksFound(leakRun().calls('lookup').grows(promises))).toEqual([['unbounded-cache', 'lookup']]);
  });

  it('is no cache when arguments used before are kept again', () => {
    const told = leakRun()
      .calls('lookup')
      .grows({ ...CACHE, keyed: false });
    expect(leaksFound(told)).toEqual([['collection-leak', 'lookup']]);
  });

  staysSilent(unboundedCache, CACHE);
});
