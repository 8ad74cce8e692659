import type { Frame, RaceEvidence, RaceStep, RaceViolation } from '../../evidence/index.ts';
import type { SourceLibrary } from '../source-library.ts';

/** The evidence with every line at the place that people wrote, and the working copy called `{dir}`. */
export async function atOriginalPlaces(
  evidence: RaceEvidence,
  library: SourceLibrary,
  directory: string,
): Promise<RaceEvidence> {
  const sites = [
    ...evidence.violations.flatMap(({ steps }) => steps.flatMap(({ site }) => site ?? [])),
    ...evidence.scaling.flatMap(({ rows }) =>
      rows.flatMap(({ waitingAt }) => waitingAt.map(({ site }) => site)),
    ),
  ];
  // The server is gone by now: maps beside the scripts are read from disk.
  await library.learnStacks({ stack: sites }, null);
  const place = (site: Frame): Frame => library.placeStacks({ stack: [site] }).stack[0] ?? site;
  const placed = {
    ...evidence,
    violations: evidence.violations.map((violation): RaceViolation => ({
      ...violation,
      steps: violation.steps.map((step): RaceStep => ({
        ...step,
        site: step.site === null ? null : place(step.site),
      })),
    })),
    scaling: evidence.scaling.map(({ subject, rows }) => ({
      subject,
      rows: rows.map((row) => ({
        ...row,
        waitingAt: row.waitingAt.map(({ site, lanes }) => ({ site: place(site), lanes })),
      })),
    })),
  };
  return withoutPath(placed, directory);
}

/** Where the copy lay on this machine tells nobody anything. */
function withoutPath<T>(value: T, directory: string): T {
  if (typeof value === 'string') return value.replaceAll(directory, '{dir}') as T;
  if (Array.isArray(value)) return value.map((each: unknown) => withoutPath(each, directory)) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]: [string, unknown]) => [key, withoutPath(each, directory)]),
  ) as T;
}
