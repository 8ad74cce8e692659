import { expect, it } from 'vitest';
import { detectors } from '../../../src/detect/index.ts';
import type {
  Detector,
  EvidenceMap,
  Finding,
  RaceEvidence,
  RaceViolation,
} from '../../../src/evidence/index.ts';
import { pair, raced } from '../../builders/race.ts';

/** All that the detectors of races and overload find in it. */
export function racesFound(evidence: EvidenceMap): readonly Finding[] {
  return detectors
    .filter(({ check }) => check === 'race' || check === 'overload')
    .flatMap((detector) => detector.detect(evidence));
}

/** Evidence of these violations alone. */
export function having(...violations: readonly RaceViolation[]): EvidenceMap {
  return raced({
    violations,
    pairs: violations.map(({ subjects, class: worst }) => pair(subjects, { worst, badTrials: 7 })),
  });
}

/** The one finding of these violations, by whatever detector. */
export function onlyFinding(evidence: EvidenceMap): Finding {
  const found = racesFound(evidence);
  expect(found.map(({ id }) => id)).toHaveLength(1);
  return found[0] as Finding;
}

/** What holds of each detector of races. */
export function staysSilent(detector: Detector): void {
  it('is silent of a server in which every schedule is one that an order explains, and says what was tried', () => {
    const evidence = raced();
    expect(detector.detect(evidence)).toEqual([]);
    expect(detector.blind?.(evidence) ?? null).toBeNull();
    expect(detector.looked(evidence)).toMatch(/at most 1 preemption|at once under control/);
  });

  it('does not take for clear what could not be judged', () => {
    const nothing: Partial<RaceEvidence> = {
      pairs: [],
      scaling: [],
      leftOut: [{ subject: 'save', why: 'not called: it is not marked read-only' }],
    };
    expect(detector.blind?.(raced(nothing))).toContain('save');
  });
}
