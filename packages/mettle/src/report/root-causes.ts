import type { Confidence, Finding, Severity } from '../evidence/index.ts';

/** From the gravest on. */
const SEVERITIES: readonly Severity[] = ['critical', 'high', 'medium', 'low'];
const CONFIDENCES: readonly Confidence[] = ['reproduced', 'measured', 'suspected'];

/** Findings of one tool at one source line: mending the main one usually mends the rest. */
export interface RootCause {
  readonly main: Finding;
  readonly also: readonly Finding[];
}

/** The findings grouped by tool and source line, the gravest group first; the order given decides between equals. */
export function groupByRootCause(findings: readonly Finding[]): RootCause[] {
  const groups = new Map<string, Finding[]>();
  findings.forEach((finding, i) => {
    const { location } = finding;
    // Without a line nothing says that two findings have one cause: each stands alone.
    const key =
      location === undefined ? `#${i}` : JSON.stringify([finding.tool ?? null, location.file, location.line]);
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
    CONFIDENCES.indexOf(a.confidence) - CONFIDENCES.indexOf(b.confidence)
  );
}

/** "1 critical, 2 high": how many findings of each severity, gravest first. */
export function countBySeverity(findings: readonly Finding[]): string {
  return SEVERITIES.flatMap((severity) => {
    const count = findings.filter((finding) => finding.severity === severity).length;
    return count === 0 ? [] : [`${count} ${severity}`];
  }).join(', ');
}
