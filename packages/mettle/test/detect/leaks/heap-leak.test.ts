import { describe, expect, it } from 'vitest';
import { heapLeak } from '../../../src/detect/detectors/heap-leak.ts';
import { leakRun, type Grows } from '../../builders/heap.ts';
import { leaksFound, onlyFinding, staysSilent } from './every-pattern.ts';

const CHAIN: Grows = {
  bytesPerCall: 640,
  owner: { kind: 'linked-list', className: 'Object', name: 'newest' },
  element: { kind: 'object', description: 'Object {words, marks, before}' },
  at: 'src/editor.js:20',
};

describe('heap-leak', () => {
  it('tells a chain of objects, and how to cut it', () => {
    const finding = onlyFinding(leakRun().calls('edit').grows(CHAIN));
    expect(finding.title).toBe(
      '`edit` keeps one object per call for ever (Object {words, marks, before}, in the Object `newest`, each holding the one before it): 640 B per call, at src/editor.js:20',
    );
    expect(finding.fix).toContain('Cut the chain');
  });

  it('names a chain by the variable that holds its newest', () => {
    const owner = { kind: 'linked-list', className: 'scope', name: null } as const;
    const path = ['module src/editor.js', 'Object "newest"', 'chain of 80 Object {words} "before"'];
    const finding = onlyFinding(
      leakRun()
        .calls('edit')
        .grows({ ...CHAIN, owner, path }),
    );
    expect(finding.title).toContain('in the Object `newest`, each holding the one before it');
  });

  it('gives way to a pattern that is known', () => {
    const scope: Grows = { owner: { kind: 'scope', className: 'context', name: null } };
    const told = leakRun().calls('edit').grows().grows(scope);
    expect(leaksFound(told)).toEqual([['collection-leak', 'edit']]);
  });

  it('is suspected where only a sampling profile was taken', () => {
    const told = leakRun()
      .calls('edit')
      .sampledBecause('the heap of 900 MB is too large to take a snapshot of')
      .grows({ owner: null, at: 'src/editor.js:20' });
    expect(onlyFinding(told)).toMatchObject({ id: 'heap-leak', confidence: 'suspected' });
  });

  it('is told of native memory when resident memory surely grows and nothing else explains it', () => {
    const finding = onlyFinding(leakRun().calls('resize').trend(64_000));
    expect(finding).toMatchObject({ id: 'heap-leak', tool: 'resize', confidence: 'suspected' });
    expect(finding.title).toContain('native memory: 62.5 KiB per call');
  });

  it('is silent about resident memory that is mostly explained, small or unsure', () => {
    const silent = [
      leakRun().calls('a').trend(64_000, { explainedBytesPerCall: 40_000 }),
      leakRun().calls('a').trend(2000),
      leakRun().calls('a').trend(64_000, { low: -3000 }),
      leakRun().calls('a').trend(64_000, { subject: null }),
      // The heap’s bytes drift; where objects are counted, counts decide.
      leakRun().calls('a').trend(5000, { kind: 'heap' }),
    ];
    for (const told of silent) expect(leaksFound(told)).toEqual([]);
  });

  staysSilent(heapLeak, CHAIN);
});
