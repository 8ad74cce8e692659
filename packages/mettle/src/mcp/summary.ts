import { CHECKS } from '../evidence/index.ts';
import type { Finding, Result, Verdict } from '../evidence/index.ts';

/** A result as an agent needs it: verdicts, findings with place, fix and proof, and what limits them. */
export interface Summary {
  readonly [key: string]: unknown;
  readonly exitCode: number;
  readonly server: string | null;
  readonly verdicts: Readonly<Record<string, { readonly status: string; readonly why: string }>>;
  readonly findings: readonly FindingSummary[];
  readonly notes: readonly string[];
}
interface FindingSummary {
  readonly id: string;
  readonly severity: string;
  readonly confidence: string;
  readonly tool?: string;
  readonly title: string;
  readonly file?: string;
  readonly line?: number;
  readonly fix: string;
  readonly verify: string;
}

const MOST_FINDINGS = 50;

export function summarise(result: Result, exitCode: number): Summary {
  const { target, checks, findings, notes } = result;
  return {
    exitCode,
    server: target.server === null ? null : `${target.server.name} ${target.server.version}`,
    verdicts: Object.fromEntries(CHECKS.map((check) => [check, shorten(checks[check])])),
    // What names a cause before what it causes: mending the one mends the other.
    findings: findings
      .toSorted((a, b) => Number(a.causedBy !== undefined) - Number(b.causedBy !== undefined))
      .slice(0, MOST_FINDINGS)
      .map(findingOf),
    notes: [
      ...notes,
      ...(findings.length > MOST_FINDINGS
        ? [`${findings.length - MOST_FINDINGS} more findings are in the report.`]
        : []),
    ],
  };
}

function findingOf({
  id,
  severity,
  confidence,
  tool,
  title,
  location,
  fix,
  verify,
}: Finding): FindingSummary {
  return {
    id,
    severity,
    confidence,
    ...(tool === undefined ? {} : { tool }),
    title,
    ...(location === undefined ? {} : { file: location.file, line: location.line }),
    fix,
    verify: verify.command,
  };
}

function shorten(verdict: Verdict): { status: string; why: string } {
  switch (verdict.status) {
    case 'found':
      return { status: 'found', why: `${verdict.findings.length} findings` };
    case 'clear':
      return { status: 'clear', why: verdict.looked };
    case 'skipped':
      return { status: 'skipped', why: verdict.why };
    case 'failed':
      return { status: 'failed', why: verdict.error.message };
  }
}

/** The same in words, findings first. */
export function inWords({ verdicts, findings, notes, server }: Summary): string {
  const found = findings.map(
    (one, i) =>
      `${i + 1}. ${one.severity} ${one.id}${one.tool === undefined ? '' : ` in ${one.tool}`}: ${one.title}${one.file === undefined ? '' : ` (${one.file}:${one.line})`}\n   fix: ${one.fix}\n   verify: ${one.verify}`,
  );
  return [
    `${server ?? 'The server'}: ${findings.length === 0 ? 'no findings' : `${findings.length} findings`}.`,
    ...found,
    ...Object.entries(verdicts).map(([check, { status, why }]) => `${check}: ${status} (${why})`),
    ...notes.map((note) => `note: ${note}`),
  ].join('\n');
}
