import type { InProcessEvidence, InProcessFigures } from '../evidence/index.ts';
import { formatCount, formatFigure, plural } from './figures.ts';

type Run = InProcessEvidence['runs'][number];

export const IN_PROCESS_COLUMNS = [
  'calls',
  'p50',
  'p95',
  'p99',
  'max',
  'handler',
  'validation',
  'SDK',
  'CPU',
  'JSON',
] as const;

/** How much was called, in a sentence. */
export function inProcessHeadline({ runs }: InProcessEvidence): string {
  const calls = runs.reduce(
    (sum, { subjects }) => sum + subjects.reduce((inner, { timedCalls }) => inner + timedCalls, 0),
    0,
  );
  const subjects = new Set(runs.flatMap((run) => run.subjects.map(({ subject }) => subject.name)));
  return `${plural(subjects.size, 'subject')} timed in process, ${plural(calls, 'call')}, ${runs.map(({ era }) => era).join(' and ')}.`;
}

/** What a run in process is, in a few words. */
export function inProcessTitle({ era, node }: Run): string {
  return `In process, over a transport in memory: MCP ${era === '2026' ? '2026-07-28' : '2025-11-25'}, Node ${node.replace(/^v/, '')}; microseconds`;
}

/** The cells of a subject's row, its name first. */
export function inProcessRow(figures: InProcessFigures): readonly string[] {
  const { totalUs, splitUs, jsonUs, timedCalls, cpuUsPerCall } = figures;
  const us = (value: number | undefined): string => (value === undefined ? '–' : formatFigure(value));
  return [
    figures.subject.name,
    formatCount(timedCalls),
    us(totalUs?.p50),
    us(totalUs?.p95),
    us(totalUs?.p99),
    us(totalUs?.max),
    us(splitUs?.handler),
    us(splitUs?.validation),
    us(splitUs?.protocol),
    us(cpuUsPerCall),
    us(jsonUs.parseRequest + jsonUs.stringifyAnswer),
  ];
}

/** What the reader must know of the figures, a sentence each. */
export function inProcessNotes({ runs }: InProcessEvidence): readonly string[] {
  const notes = [
    'handler, validation and SDK are the medians of the parts of a call. No JSON is made in memory: the column JSON is what reading the request and writing the answer would add, measured beside.',
  ];
  if (runs.some(({ jsonWithin }) => jsonWithin))
    notes.push(
      'The module is a web handler: it takes and gives JSON text even in memory, so JSON is within its total, and its parts cannot be told apart.',
    );
  for (const { era, fault, subjects } of runs) {
    if (fault !== null) notes.push(`${era}: ${fault}.`);
    for (const { subject, calls, errors, firstError, steady, timedCalls, splitUs } of subjects) {
      const where = `${era}, ${subject.name}`;
      if (errors > 0)
        notes.push(
          `${where}: ${formatCount(errors)} of ${plural(calls, 'call')} failed, first: ${firstError ?? 'unknown'}.`,
        );
      if (timedCalls > 0 && !steady)
        notes.push(
          `${where}: still getting faster, or too slow to tell, when the warm-up had used its time.`,
        );
      if (
        timedCalls > 0 &&
        splitUs === null &&
        subject.kind === 'tool' &&
        !runs.some(({ jsonWithin }) => jsonWithin)
      )
        notes.push(`${where}: a low-level server; its handler and its checks cannot be told apart.`);
    }
  }
  return notes;
}
