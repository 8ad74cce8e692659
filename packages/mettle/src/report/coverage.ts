import type { Finding, Result, ToolResult, Verdict } from '../evidence/index.ts';
import { CHECKS, type Check } from '../evidence/index.ts';
import { countBySeverity } from './root-causes.ts';
import { plural } from './figures.ts';

/** A failure mode's name as people say it. */
export const CHECK_NAMES: Readonly<Record<Check, string>> = {
  cpu: 'CPU',
  latency: 'Latency',
  leak: 'Leaks',
  serialisation: 'Serialisation',
  race: 'Races',
  overload: 'Overload',
  protocol: 'Protocol',
  regression: 'Regression',
};

/** The verdict in words: what was found, what was looked at, or why nothing was. */
export function explainVerdict(verdict: Verdict): string {
  switch (verdict.status) {
    case 'found':
      return countBySeverity(verdict.findings) + whereFound(verdict.findings);
    case 'clear':
      return verdict.looked;
    case 'skipped':
      return verdict.why;
    case 'failed':
      return verdict.error.message;
  }
}

function whereFound(findings: readonly Finding[]): string {
  const names = [...new Set(findings.map((finding) => finding.tool ?? 'the whole server'))];
  // Three names still fit one line of 80 columns.
  const more = names.length > 3 ? ` and ${names.length - 3} more` : '';
  return ` in ${names.slice(0, 3).join(', ')}${more}`;
}

/** One sentence on the whole result. */
export function headline(result: Result, rootCauses: number): string {
  const verdicts = CHECKS.map((check) => result.checks[check]);
  const count = (status: Verdict['status']): number =>
    verdicts.filter((verdict) => verdict.status === status).length;
  const rest = [
    count('clear') > 0 ? `${count('clear')} clear` : '',
    count('skipped') > 0 ? `${count('skipped')} skipped` : '',
    count('failed') > 0 ? `${count('failed')} failed` : '',
  ].filter((part) => part !== '');
  const tail = rest.length === 0 ? '' : `; of the other failure modes ${rest.join(', ')}`;
  const { findings } = result;
  if (count('skipped') === verdicts.length)
    return `Nothing was judged: all ${verdicts.length} failure modes were skipped.`;
  if (findings.length === 0) return `No findings: of ${verdicts.length} failure modes ${rest.join(', ')}.`;
  const causes = rootCauses < findings.length ? ` at ${plural(rootCauses, 'place')}` : '';
  return `${plural(findings.length, 'finding')} (${countBySeverity(findings)})${causes}${tail}.`;
}

/** Tools passed over for the same reason. */
export interface PassedOver {
  readonly noun: 'tool' | 'method' | 'subject';
  readonly reason: string;
  readonly names: readonly string[];
}

/** The tools and methods that were not called, grouped by reason, the largest group first. */
export function groupPassedOver(tools: readonly ToolResult[]): PassedOver[] {
  const groups = new Map<string, ToolResult[]>();
  for (const tool of tools) {
    if (tool.exercised) continue;
    const reason = tool.reason ?? 'no reason recorded';
    groups.set(reason, [...(groups.get(reason) ?? []), tool]);
  }
  return [...groups]
    .map(([reason, members]) => ({ reason, noun: nounFor(members), names: members.map((tool) => tool.name) }))
    .toSorted((a, b) => b.names.length - a.names.length);
}

function nounFor(members: readonly ToolResult[]): PassedOver['noun'] {
  const kinds = new Set(members.map((member) => member.kind));
  return kinds.size > 1 ? 'subject' : kinds.has('method') ? 'method' : 'tool';
}

/** Whether anything of when it ran was measured, and not only that it was called. */
export function isTimed({ latencyMs, cpuMsPerCall, maxBlockMs, overlap }: ToolResult): boolean {
  return [latencyMs, cpuMsPerCall, maxBlockMs, overlap].some((figure) => figure !== null);
}

/** Tools that were called but yielded no measurement, each with its reason. */
export function notMeasured(
  tools: readonly ToolResult[],
): { readonly name: string; readonly reason: string }[] {
  return tools.flatMap((tool) =>
    tool.exercised && tool.reason !== null ? [{ name: tool.name, reason: tool.reason }] : [],
  );
}

/** The examined server: its name (where it was not reached, how it was to be), and what is known of it in short clauses. */
export function describeTarget({ target, heapComparison }: Result): {
  readonly name: string;
  readonly facts: readonly string[];
} {
  if (heapComparison !== undefined && target.kind === 'snapshots') {
    const { before, after } = heapComparison;
    return { name: `${after.file} against ${before.file}`, facts: ['heap snapshots'] };
  }
  const { server, sdk, protocolVersion, era, kind, node } = target;
  const style = era === '2026' ? ' (stateless)' : era === '2025' ? ' (initialize)' : '';
  const facts = [
    sdk === null
      ? server === null || node === null
        ? null // Nobody looked inside, and from outside it cannot be told.
        : 'SDK not recognised'
      : `${sdk.name} ${sdk.version ?? ''}`.trim(),
    protocolVersion === null ? null : `MCP ${protocolVersion}${style}`,
    kind === 'module' ? 'in process' : kind,
    node === null ? null : `Node ${node.replace(/^v/, '')}`,
  ].filter((clause) => clause !== null);
  return server === null
    ? { name: target.command?.join(' ') ?? target.url ?? 'MCP server', facts }
    : { name: `${server.name} ${server.version}`.trim(), facts };
}
