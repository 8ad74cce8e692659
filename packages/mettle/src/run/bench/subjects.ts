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
/** Calls looked at, so that a workload's weights show. */
const LOOKED_AT = 400;

/** What an export needs to make the same calls in the same proportions: the first few different requests of each subject. */
export function samplesOf(sources: readonly CallSource[]): BenchEvidence['samples'] {
  return sources.flatMap((source) => {
    const seen = new Map<
      string,
      { method: string; params: Readonly<Record<string, unknown>>; times: number }
    >();
    for (let i = 0; i < LOOKED_AT; i++) {
      const { method, params } = source.call(i);
      const text = JSON.stringify(params);
      const known = seen.get(text);
      if (known !== undefined) known.times++;
      else if (seen.size < SAMPLES) seen.set(text, { method, params, times: 1 });
    }
    return [...seen.values()].map((sample) => ({ subject: source.subject, ...sample }));
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
