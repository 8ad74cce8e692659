import { relative } from 'node:path';
import { formatFile } from '../../../derive/frames.ts';
import { timelineOf, type RaceFault } from '../../../derive/race/index.ts';
import { callsExhibit, outcomesExhibit } from '../../../detect/race-words.ts';
import type { InterleavingExhibit, RacePair } from '../../../evidence/index.ts';

/** A column of the timeline is as wide as its longest event, up to this. */
const MAX_COLUMN = 46;

/** What a failed test says: each fault with its order of events, what was observed and what was allowed. */
export function raceMessage(
  faults: readonly RaceFault[],
  searched: { readonly coverage: string; readonly pair: RacePair },
): string {
  const { pair, coverage } = searched;
  const share = `${String(pair.badTrials)} of ${String(pair.trials)} schedules`;
  return [
    `${faults.length === 1 ? 'A race' : `${String(faults.length)} races`} between ${pair.subjects.join(' and ')}: ${share} end as no order of the calls does.`,
    ...faults.flatMap((fault, i) => ['', ...faultLines(fault, i + 1)]),
    '',
    `tried: ${coverage}`,
  ].join('\n');
}

function faultLines(fault: RaceFault, number: number): readonly string[] {
  const { violation, pattern } = fault;
  const said = violation.preemptions === 1 ? '1 preemption' : `${String(violation.preemptions)} preemptions`;
  const confirmed = violation.reproduced
    ? 'shown again in a fresh process'
    : 'not shown again in a fresh process';
  return [
    `${String(number)}. ${pattern}: ${said}, found in schedule ${String(violation.foundInTrial)}, ${confirmed}, replay ${violation.token}`,
    ...timelineLines(timelineOf(fault)),
    ...outcomesExhibit(fault).lines,
    ...callsExhibit(fault).lines,
  ].map((line, i) => (i === 0 ? line : `   ${line}`));
}

/** One column per lane, one row per event; the place at the right. */
function timelineLines({ lanes, steps }: InterleavingExhibit): readonly string[] {
  const used = lanes.map((_lane, i) => i).filter((i) => steps.some(({ lane }) => lane === i));
  const width = (lane: number): number =>
    Math.min(
      MAX_COLUMN,
      Math.max(
        (lanes[lane] ?? '').length,
        ...steps.filter((step) => step.lane === lane).map(({ text }) => text.length),
      ),
    );
  const row = (number: string, cells: readonly string[], after: string): string =>
    `${number.padStart(3)}  ${cells.join(' │ ')}${after}`.trimEnd();
  return [
    row(
      '#',
      used.map((lane) => fit(lanes[lane] ?? '', width(lane))),
      '',
    ),
    ...steps.map((step, i) => {
      const cells = used.map((lane) => fit(lane === step.lane ? step.text : '·', width(lane)));
      const place = step.place === undefined ? '' : `  ${near(step.place.file)}:${String(step.place.line)}`;
      return row(String(i + 1), cells, `${place}${step.note === undefined ? '' : `  ← ${step.note}`}`);
    }),
  ];
}

function fit(text: string, width: number): string {
  return text.length > width ? `${text.slice(0, width - 1)}…` : text.padEnd(width);
}

/** From where the tests run; of a package, from its name on. */
function near(file: string): string {
  const path = relative(process.cwd(), file);
  return path.startsWith('..') || path.includes('node_modules') ? formatFile(file, '') : path;
}
