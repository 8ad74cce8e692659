import { CHECKS } from '../../evidence/index.ts';
import type { Finding, Result } from '../../evidence/index.ts';
import type { AgainstDocument } from './document.ts';
import { homeOfCommand } from './places.ts';

/** Two runs of one server, one before a change and one after it; what is told of them, and the whole of both. */
export interface Changes extends Omit<AgainstDocument, 'schema' | 'before' | 'after' | 'new'> {
  readonly before: Result;
  readonly after: Result;
  readonly added: AgainstDocument['new'];
}

/**
 * What is mended, what is new and what stayed. A finding is the same by its fingerprint, or else by what it is, in which tool
 * and at which place: lines may have moved, the checkout may be another.
 */
export function changesBetween(before: Result, after: Result): Changes {
  const left = new Set(after.findings);
  const stayed: { before: Finding; after: Finding }[] = [];
  const gone: Finding[] = [];
  const identities: readonly ((finding: Finding, of: Result) => string | null)[] = [
    ({ fingerprint }) => fingerprint,
    placeOf,
  ];
  let open: readonly Finding[] = before.findings;
  for (const identity of identities) {
    const still: Finding[] = [];
    for (const finding of open) {
      const mark = identity(finding, before);
      const same = mark === null ? undefined : [...left].find((other) => identity(other, after) === mark);
      if (same === undefined) still.push(finding);
      else {
        left.delete(same);
        stayed.push({ before: finding, after: same });
      }
    }
    open = still;
  }
  gone.push(...open);
  const judged = gone.map((finding) => ({ finding, why: whyUnknown(finding, before, after) }));
  return {
    before,
    after,
    mended: judged.flatMap(({ finding, why }) => (why === null ? [finding] : [])),
    unknown: judged.flatMap(({ finding, why }) => (why === null ? [] : [{ finding, why }])),
    added: after.findings.filter((finding) => left.has(finding)),
    stayed,
    verdicts: CHECKS.map((check) => ({
      check,
      before: before.checks[check].status,
      after: after.checks[check].status,
    })),
    tools: before.tools.flatMap((tool) => {
      const other = after.tools.find(({ name }) => name === tool.name);
      return tool.exercised && other?.exercised === true ? [{ before: tool, after: other }] : [];
    }),
  };
}

/** What it is, in which tool, in which function of which file: all but the line. */
function placeOf({ id, tool, location }: Finding, result: Result): string | null {
  if (location === undefined) return JSON.stringify([id, tool ?? null]);
  return JSON.stringify([
    id,
    tool ?? null,
    homeOfCommand(location.file, result.target.command),
    location.function ?? null,
  ]);
}

/** Null when what the finding is about was looked at again. */
function whyUnknown(finding: Finding, before: Result, after: Result): string | null {
  const check = CHECKS.find((name) => {
    const verdict = before.checks[name];
    return (
      verdict.status === 'found' &&
      verdict.findings.some(({ fingerprint }) => fingerprint === finding.fingerprint)
    );
  });
  const verdict = check === undefined ? undefined : after.checks[check];
  if (verdict?.status === 'skipped') return verdict.why;
  if (verdict?.status === 'failed') return verdict.error.message;
  const tool = after.tools.find(({ name }) => name === finding.tool);
  if (tool !== undefined && !tool.exercised) return tool.reason ?? 'it was not called';
  if (tool !== undefined && tool.calls > 0 && tool.errors === tool.calls)
    return 'every call of it failed, so nothing was measured';
  const listed = before.tools.some(({ name }) => name === finding.tool);
  return tool === undefined && listed ? 'the server does not list it any more' : null;
}
