import { leaksOf, slightLeaksOf, undecidedOf } from '../derive/leaks/index.ts';
import type { HeapGrowthEvidence } from '../evidence/index.ts';
import { binaryBytes } from './figures.ts';
import { leakingOf } from './leak-exhibits.ts';
import { boundOf, whoLeaks } from './leak-words.ts';

/** Where time was short, much of the runtime's own may be among them. */
const MOST_TOLD = 4;

/**
 * What a verdict that has findings leaves unsaid: growth that could not be decided, growth without end that is too slight for
 * a finding, and what was not looked at. Without findings the verdict itself says so.
 */
export function leakNotes(evidence: HeapGrowthEvidence | undefined): readonly string[] {
  if (evidence === undefined || leaksOf(evidence).length === 0) return [];
  const open = undecidedOf(evidence).map(({ growth }) => boundOf(growth));
  const more = open.length > MOST_TOLD ? [`${open.length - MOST_TOLD} more`] : [];
  const undecided = [...open.slice(0, MOST_TOLD), ...more];
  const slight = slightLeaksOf(evidence).map(
    (leak) => `${whoLeaks(leak)} by ${binaryBytes(leakingOf(leak).bytes)} per call`,
  );
  return [
    ...(undecided.length === 0
      ? []
      : [`Whether it ends could not be decided in the time, besides the findings: ${undecided.join('; ')}.`]),
    ...(slight.length === 0 ? [] : [`Grows without end, but slightly: ${slight.join('; ')}.`]),
    ...evidence.notCovered,
  ];
}
