import type {
  BenchEvidence,
  CallOutcomes,
  ExerciseEvidence,
  OutcomeCounts,
  SubjectPlan,
} from '../../evidence/index.ts';
import type { CallSource } from '../../load/index.ts';
import { addOutcomes } from '../facts.ts';

/** Requests of each subject kept for exports: as many as a generated pool varies. */
const SAMPLES = 16;

/** What an export needs to make the same calls: the first few requests of each subject. */
export function samplesOf(sources: readonly CallSource[]): BenchEvidence['samples'] {
  return sources.flatMap((source) => {
    const seen = new Set<string>();
    return Array.from({ length: SAMPLES }, (_, i) => ({ subject: source.subject, ...source.call(i) })).filter(
      (sample) => {
        const text = JSON.stringify(sample.params);
        return seen.size < seen.add(text).size;
      },
    );
  });
}

/** Every subject with what became of its calls: those made alone at first, and those measured. */
export function benchedSubjects(
  plans: readonly SubjectPlan[],
  bench: BenchEvidence,
  alone: ReadonlyMap<string, CallOutcomes>,
): ExerciseEvidence {
  return {
    subjects: plans.map((plan) => {
      const left = bench.leftOut.find(({ name }) => name === plan.name);
      const measured = bench.blocks.flatMap((block) =>
        block.subjects.filter(({ subject }) => subject.name === plan.name).map(({ outcomes }) => outcomes),
      );
      const first = alone.get(plan.name);
      const parts = [...(first === undefined ? [] : [first]), ...measured];
      return {
        ...plan,
        reason: left === undefined ? plan.reason : left.reason,
        outcomes: parts.length === 0 ? null : parts.map(countsOf).reduce(addOutcomes),
      };
    }),
  };
}

function countsOf(outcomes: CallOutcomes): OutcomeCounts {
  const kinds = Object.entries(outcomes.failures).toSorted((a, b) => b[1] - a[1]);
  const most = kinds[0]?.[0] as keyof CallOutcomes['firstMessages'] | undefined;
  return {
    calls: outcomes.calls,
    errors: outcomes.calls - outcomes.ok,
    errorKinds: Object.fromEntries(kinds),
    firstError: most === undefined ? null : (outcomes.firstMessages[most] ?? null),
  };
}
