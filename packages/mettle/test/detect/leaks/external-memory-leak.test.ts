import { describe, expect, it } from 'vitest';
import { externalMemoryLeak } from '../../../src/detect/detectors/external-memory-leak.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { leaksFound, onlyFinding, staysSilent } from './every-pattern.ts';

const BUFFER: Grows = {
  bytesPerCall: 16_584,
  externalBytesPerCall: 16_384,
  owner: { kind: 'array', className: 'Array', name: 'made' },
  element: { kind: 'buffer', description: 'Buffer' },
  at: 'src/thumbnails.js:20',
};

describe('external-memory-leak', () => {
  it('is what buffers keep outside the heap', () => {
    const finding = onlyFinding(leakRun().calls('thumbnail').grows(BUFFER));
    expect(finding.title).toBe(
      '`thumbnail` leaves one buffer in the Array `made` per call, outside V8’s heap: 16.2 KiB per call, at src/thumbnails.js:20',
    );
    expect(finding.fix).toContain('maxSize');
  });

  it('is told of objects whose buffers weigh more than they', () => {
    const element = { kind: 'object', description: 'Object {pixels}' } as const;
    expect(
      leaksFound(
        leakRun()
          .calls('thumbnail')
          .grows({ ...BUFFER, element }),
      ),
    ).toEqual([['external-memory-leak', 'thumbnail']]);
  });

  it('is told of bytes that surely grow and that no object explains', () => {
    const told = leakRun().calls('resize').trend(16_384, { kind: 'array-buffers' });
    const finding = onlyFinding(told);
    expect(finding).toMatchObject({ id: 'external-memory-leak', tool: 'resize', confidence: 'suspected' });
  });

  it('is silent about bytes that are explained, or not sure', () => {
    const explained = { kind: 'external', explainedBytesPerCall: 16_000 } as const;
    expect(leaksFound(leakRun().calls('resize').trend(16_384, explained))).toEqual([]);
    expect(leaksFound(leakRun().calls('resize').trend(900, { kind: 'external', low: 400 }))).toEqual([]);
    expect(leaksFound(leakRun().calls('resize').trend(9000, { kind: 'external', low: null }))).toEqual([]);
  });

  it('does not tell the same buffers twice', () => {
    const told = leakRun().calls('thumbnail').grows(BUFFER).trend(16_384, { kind: 'array-buffers' });
    expect(leaksFound(told)).toEqual([['external-memory-leak', 'thumbnail']]);
  });

  staysSilent(externalMemoryLeak, BUFFER);
});
