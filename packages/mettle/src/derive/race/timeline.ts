import type { InterleavingExhibit, RaceStep } from '../../evidence/index.ts';
import type { RaceFault } from './faults.ts';
import { laneOfIndex } from './answers.ts';

type Row = InterleavingExhibit['steps'][number];

/** The schedule of a fault, lane by lane, as a person reads it: deliveries that follow their own effect at once are left out. */
export function timelineOf(fault: RaceFault): InterleavingExhibit {
  const { violation } = fault;
  const lanes = violation.subjects.map((subject, i) => `${laneOfIndex(i)} ${subject}`);
  const others = [...new Set(violation.steps.map(({ lane }) => lane))].filter(
    (lane) => !violation.subjects.some((_, i) => laneOfIndex(i) === lane),
  );
  const names = [...violation.subjects.map((_, i) => laneOfIndex(i)), ...others];
  const kept = violation.steps.flatMap((step, i) => (isSaid(violation.steps, i) ? [{ step, i }] : []));
  const numberOf = new Map(kept.map(({ i }, row) => [i, row + 1]));
  return {
    kind: 'interleaving',
    title: `Order of events: ${preemptions(violation.preemptions)}, replay ${violation.token}`,
    lanes: [...lanes, ...others],
    steps: kept.map(({ step, i }): Row => {
      const note = noteOf(fault, i, numberOf);
      return {
        lane: names.indexOf(step.lane),
        text: textOf(step),
        ...(step.site === null ? {} : { place: { file: step.site.file, line: step.site.line } }),
        ...(note === null ? {} : { note }),
      };
    }),
  };
}

function preemptions(count: number): string {
  return count === 0 ? 'no preemption' : `${count} preemption${count === 1 ? '' : 's'}`;
}

function isSaid(steps: readonly RaceStep[], index: number): boolean {
  const step = steps[index] as RaceStep;
  if (step.phase === 'effect') return true;
  const before = steps[index - 1];
  return (
    before === undefined ||
    before.lane !== step.lane ||
    before.kind !== step.kind ||
    before.phase !== 'effect'
  );
}

function textOf({ kind, phase, resource, detail }: RaceStep): string {
  // What is written to a person: `readFile memory.jsonl`, not `fs.readFile`.
  const what = kind.replace(/^fs\./, '');
  const words = [
    what,
    ...(phase === 'delivery' && !/^(?:call|answer)$/.test(what) ? ['returns'] : []),
    resource ?? '',
  ];
  return [...words, phase === 'delivery' ? '' : detail].filter((word) => word !== '').join(' ');
}

function noteOf(
  { stale, torn, pattern }: RaceFault,
  step: number,
  row: ReadonlyMap<number, number>,
): string | null {
  // Deliveries may be left out; the step itself then has no number, nor has its note.
  const at = (index: number): string => `step ${row.get(index) ?? index + 1}`;
  if (stale !== null && pattern === 'lost-update' && step === stale.write)
    return `overwrites ${at(stale.lost)}; its input was read at ${at(stale.read)}`;
  if (torn !== null && pattern === 'torn-read' && step === torn.read)
    return `reads what ${at(torn.begun)} began and ${at(torn.ended)} completes`;
  return null;
}
