import { expect, it } from 'vitest';
import { detectors } from '../../../src/detect/index.ts';
import type { Detector, Finding } from '../../../src/evidence/index.ts';
import { leakRun, type Grows, type HeapBuilder } from '../../builders/heap.ts';

const LEAKS = detectors.filter(({ check, needs }) => check === 'leak' && needs.includes('heapGrowth'));

/** All that the leak detectors say of a run, each finding by its id and tool. */
export function leaksFound(told: HeapBuilder): readonly (readonly [string, string | undefined])[] {
  return allFindings(told).map(({ id, tool }) => [id, tool] as const);
}

export function allFindings(told: HeapBuilder): readonly Finding[] {
  return LEAKS.flatMap((detector) => detector.detect(told.evidence()));
}

/** The only finding of all leak detectors; fails when there is none, or more than one. */
export function onlyFinding(told: HeapBuilder): Finding {
  const [finding, ...others] = allFindings(told);
  expect(others.map(({ id, title }) => `${id}: ${title}`)).toEqual([]);
  if (finding === undefined) throw new Error('nothing was found');
  return finding;
}

/** What no leak of the pattern is mistaken for: growth of the same look that ends, or of which nothing is known. */
export function staysSilent(detector: Detector<'heapGrowth' | 'target'>, grows: Grows): void {
  const alone = (how: Grows): HeapBuilder =>
    leakRun()
      .calls('search')
      .grows({ ...grows, ...how });
  const said = (told: HeapBuilder): readonly Finding[] => detector.detect(told.evidence());

  it('is silent when the growth stops', () => {
    expect(said(alone({ bound: { kind: 'plateau', size: 500, calls: 400 } }))).toEqual([]);
  });

  it('is silent when a limit stands beside it', () => {
    expect(said(alone({ bound: { kind: 'declared', property: 'max', limit: 50_000 } }))).toEqual([]);
  });

  it('is silent when entries expire', () => {
    const bound = { kind: 'ttl', ttlMs: 30_000, property: 'ttl' } as const;
    const element = { ...grows.element, delayMs: 30_000 };
    expect(said(alone({ bound, element }))).toEqual([]);
  });

  it('says that it could not decide, rather than that all is well', () => {
    const told = alone({ bound: { kind: 'undecided', why: 'the budget ended after 200 calls' } });
    expect(said(told)).toEqual([]);
    expect(detector.blind?.(told.evidence())).toContain('the budget ended after 200 calls');
  });

  it('says what it looked at, and what grows and ends', () => {
    const evidence = alone({ bound: { kind: 'plateau', size: 500, calls: 400 } }).evidence();
    expect(detector.blind?.(evidence)).toBeNull();
    expect(detector.looked(evidence)).toMatch(
      /^1 tool or method, [\d,]+ calls in 6 rounds, counted object by object: nothing grows without end; what grows ends: .* stops at 500$/,
    );
  });
}
