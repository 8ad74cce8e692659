import { CHECKS, type Result, type Verdict } from '../evidence/index.ts';
import { benchHeadline, describeFailures, mainBlock } from './bench/words.ts';
import { CHECK_NAMES, explainVerdict } from './coverage.ts';
import { printable } from './printable.ts';

interface Case {
  readonly name: string;
  readonly seconds: number;
  readonly outcome: {
    readonly kind: 'failure' | 'skipped' | 'error';
    readonly message: string;
    readonly text: string;
  } | null;
  readonly output: string;
}

/** A test case per failure mode, and of a benchmark one per subject, as CI systems read JUnit's report. */
export function renderJunit(result: Result): string {
  const suite =
    result.target.server?.name ?? result.target.command?.join(' ') ?? result.target.url ?? 'MCP server';
  const cases = [...checkCases(result), ...subjectCases(result)];
  const count = (kind: string): number => cases.filter(({ outcome }) => outcome?.kind === kind).length;
  const totals = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}" skipped="${count('skipped')}" time="${(result.durationMs / 1000).toFixed(3)}"`;
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="mettle" ${totals}>`,
    `  <testsuite name="${xml(suite)}" ${totals} timestamp="${xml(result.startedAt.replace(/\.\d+Z$/, ''))}">`,
    ...cases.map((each) => caseXml(each, suite)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n');
}

function checkCases(result: Result): readonly Case[] {
  const shown = CHECKS.filter(
    (check) => result.bench === undefined || result.checks[check].status !== 'skipped',
  );
  return shown.map((check) => ({
    name: CHECK_NAMES[check],
    seconds: 0,
    outcome: outcomeOf(result.checks[check]),
    output: result.checks[check].status === 'clear' ? explainVerdict(result.checks[check]) : '',
  }));
}

function outcomeOf(verdict: Verdict): Case['outcome'] {
  switch (verdict.status) {
    case 'clear':
      return null;
    case 'skipped':
      return { kind: 'skipped', message: verdict.why, text: '' };
    case 'failed':
      return { kind: 'error', message: verdict.error.message, text: verdict.error.stack ?? '' };
    case 'found': {
      const lines = verdict.findings.map(
        ({ id, title, location, fix, verify }) =>
          `${id}: ${title}${location === undefined ? '' : ` (${location.file}:${location.line})`}\nfix: ${fix}\nverify: ${verify.command}`,
      );
      return { kind: 'failure', message: explainVerdict(verdict), text: lines.join('\n\n') };
    }
  }
}

/** A subject of which calls failed is a failed case; its latency is its output. */
function subjectCases({ bench }: Result): readonly Case[] {
  if (bench === undefined) return [];
  const block = mainBlock(bench);
  const measured = (block?.subjects ?? []).map(({ subject, outcomes, latencyMs }): Case => {
    const failures = describeFailures(outcomes);
    return {
      name: subject.name,
      seconds: (latencyMs?.mean ?? 0) / 1000,
      outcome:
        failures === ''
          ? null
          : { kind: 'failure', message: failures, text: Object.values(outcomes.firstMessages).join('\n') },
      output:
        latencyMs === null
          ? ''
          : `${outcomes.calls} calls, p50 ${latencyMs.p50.value.toFixed(3)} ms, p95 ${latencyMs.p95.value.toFixed(3)} ms, p99 ${latencyMs.p99.value.toFixed(3)} ms, max ${latencyMs.max.toFixed(3)} ms`,
    };
  });
  const left = bench.leftOut.map(({ name, reason }): Case => ({
    name,
    seconds: 0,
    outcome: { kind: 'skipped', message: reason ?? 'not called', text: '' },
    output: '',
  }));
  const hostile = (bench.adversarial?.cases ?? []).map(({ tool, what, outcome, detail }): Case => ({
    name: `${tool}: ${what}`,
    seconds: 0,
    outcome: { kind: 'failure', message: outcome, text: detail },
    output: '',
  }));
  const summary: Case = {
    name: 'benchmark',
    seconds: (block?.durationMs ?? 0) / 1000,
    outcome: null,
    output: benchHeadline(bench),
  };
  return [summary, ...measured, ...left, ...hostile];
}

function caseXml({ name, seconds, outcome, output }: Case, suite: string): string {
  const head = `    <testcase name="${xml(name)}" classname="${xml(suite)}" time="${seconds.toFixed(6)}"`;
  const inside = [
    ...(outcome === null
      ? []
      : [`      <${outcome.kind} message="${xml(outcome.message)}">${xml(outcome.text)}</${outcome.kind}>`]),
    ...(output === '' ? [] : [`      <system-out>${xml(output)}</system-out>`]),
  ];
  return inside.length === 0 ? `${head}/>` : [`${head}>`, ...inside, '    </testcase>'].join('\n');
}

function xml(text: string): string {
  return text
    .split('\n')
    .map((line) => printable(line))
    .join('\n')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
