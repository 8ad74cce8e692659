import type { ProbeEvidence, ProbeOutcome } from '../../evidence/index.ts';
import { formatBytes, formatDuration, formatMs, plural } from '../figures.ts';
import { printable } from '../printable.ts';
import type { Ink } from './ink.ts';
import { labelled, wrap } from './layout.ts';

const LABEL_COLUMNS = 15;

/** One look from outside: the time of each phase, the certificate, the tools, what became of the session. */
export function probeSection(probe: ProbeEvidence | undefined, width: number, ink: Ink): string[] {
  if (probe === undefined) return [];
  const { outcome } = probe;
  const rows: readonly (readonly [string, string])[] = [
    ['Phases', phases(outcome)],
    ['Certificate', certificate(outcome)],
    ['Tools', tools(probe)],
    [
      'Call',
      outcome.call === null ? '' : `${outcome.call.tool} answered in ${formatMs(outcome.call.durationMs)}`,
    ],
    ['Inside', inside(outcome)],
    ['Session', session(outcome)],
    ['Last on stderr', outcome.stderrTail.at(-1) ?? ''],
  ];
  return rows
    .filter(([, text]) => text !== '')
    .flatMap(([label, text]) =>
      labelled(label, wrap(printable(text), width - LABEL_COLUMNS - 2), LABEL_COLUMNS, ink.dim).map(
        (line) => `  ${line}`,
      ),
    );
}

function phases({ phases: done, failedPhase }: ProbeOutcome): string {
  const parts = done.map(({ phase, durationMs }) => `${phase} ${formatDuration(durationMs)}`);
  return [...parts, ...(failedPhase === null ? [] : [`${failedPhase} failed`])].join(', ');
}

function certificate({ certificate: facts }: ProbeOutcome): string {
  if (facts === null) return '';
  const chain = facts.chain.map(({ subject }) => subject).join(' < ');
  return `valid until ${facts.validTo.slice(0, 10)}; ${chain}`;
}

function tools({ outcome, toolChanges }: ProbeEvidence): string {
  if (outcome.tools === null) return '';
  const { count, bytes, pages, digest } = outcome.tools;
  const paged = pages === 1 ? '' : ` on ${String(pages)} pages`;
  const compared =
    toolChanges === null
      ? ''
      : toolChanges.length === 0
        ? ', as before'
        : `, ${plural(toolChanges.length, 'change')}`;
  return `${plural(count, 'tool')}, ${formatBytes(bytes)}${paged}${compared}; digest ${digest.slice(0, 12)}`;
}

/** What the server's own runtime told, or why it could not be read. */
function inside({ inside: told }: ProbeOutcome): string {
  const { facts = null, fault = null, offersHealth = null } = told ?? {};
  const unread = fault === null ? [] : [`not read: ${fault}`];
  if (facts === null) return offersHealth === false ? 'the server lists no mettle://health' : unread.join('');
  const { heapBytes, heapLimitBytes, rssBytes, eventLoopDelayMs, running, queued, refused } = facts;
  const figure = (value: number | null, shown: (value: number) => string): readonly string[] =>
    value === null ? [] : [shown(value)];
  return [
    ...(facts.status === 'overloaded' ? ['overloaded'] : []),
    ...figure(
      heapBytes,
      (bytes) =>
        `heap ${formatBytes(bytes)}${heapLimitBytes === null ? '' : ` of ${formatBytes(heapLimitBytes)}`}`,
    ),
    ...figure(rssBytes, (bytes) => `memory ${formatBytes(bytes)}`),
    ...figure(eventLoopDelayMs, (durationMs) => `event loop ${formatMs(durationMs)} late`),
    ...figure(running, (count) => `${plural(count, 'call')} running`),
    ...figure(queued, (count) => `${String(count)} waiting`),
    ...figure(refused, (count) => `${String(count)} refused`),
    ...unread,
  ].join(', ');
}

function session({ sessionEnd }: ProbeOutcome): string {
  switch (sessionEnd) {
    case 'none':
    case 'ended':
      return '';
    case 'not-allowed':
      return 'the server opens sessions but lets no client end one (405 to DELETE): each look costs it one, until it forgets it';
    case 'failed':
      return 'ending the session failed: the server may keep it';
  }
}
