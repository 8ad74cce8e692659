import type { Confidence, Finding, Severity } from '../evidence/index.ts';

/** From the gravest on. */
const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low'];
const CONFIDENCES: readonly Confidence[] = ['reproduced', 'measured', 'suspected'];

/** Findings of one tool at one source line, or of which one names the other's cause: mending the main one usually mends the rest. */
export interface RootCause {
  readonly main: Finding;
  readonly also: readonly Finding[];
}

/**
 * The findings grouped by tool and source line, and with the cause that they name, the gravest group first; between
 * equals what names the cause leads, then the order given.
 */
export function groupByRootCause(findings: readonly Finding[]): RootCause[] {
  const groups = new Map<string, Finding[]>();
  const known = new Map(findings.map((finding) => [finding.fingerprint, finding]));
  findings.forEach((finding, i) => {
    const [cause = finding] = (finding.causedBy ?? []).flatMap((mark) => known.get(mark) ?? []);
    const { tool, location } = cause;
    // Without a line nothing says that two findings have one cause: each stands alone.
    const key =
      location === undefined
        ? `#${cause === finding ? i : findings.indexOf(cause)}`
        : JSON.stringify([tool ?? null, location.file, location.line]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  });
  return [...groups.values()]
    .flatMap((group) => {
      const [main, ...also] = group.toSorted(byWeight);
      return main === undefined ? [] : [{ main, also }];
    })
    .toSorted((a, b) => byWeight(a.main, b.main));
}

function byWeight(a: Finding, b: Finding): number {
  return (
    SEVERITIES.indexOf(a.severity) - SEVERITIES.indexOf(b.severity) ||
    CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence) ||
    Number(a.causedBy !== undefined) - Number(b.causedBy !== undefined)
  );
}

/** "1 critical, 2 high": how many findings of each severity, gravest first. */
export function countBySeverity(findings: readonly Finding[]): string {
  return SEVERITIES.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  }).join(', ');
}
