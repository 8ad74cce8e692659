import { isAbsolute } from 'node:path';
import { formatFile } from '../../derive/index.ts';
import type { Frame, RaceEvidence, RaceStep, RaceViolation } from '../../evidence/index.ts';
import type { FetchScripts, SourceLibrary } from '../source-library.ts';

/** Where lines and files are looked up. */
export interface PlaceLookUp {
  readonly library: SourceLibrary;
  /** Asks the server, for scripts that are not what the disk has. */
  readonly fetch: FetchScripts;
  /** The working copy. */
  readonly directory: string;
  /** The user's project: files below it are named from there. */
  readonly cwd: string;
}

/** The evidence with every line at the place that people wrote, and the working copy called `{dir}`. */
export async function atOriginalPlaces(
  evidence: RaceEvidence,
  { library, fetch, directory, cwd }: PlaceLookUp,
): Promise<RaceEvidence> {
  const sites = [
    ...evidence.violations.flatMap(({ steps }) => steps.flatMap(({ site }) => site ?? [])),
    ...evidence.scaling.flatMap(({ rows }) =>
      rows.flatMap(({ waitingAt }) => waitingAt.map(({ site }) => site)),
    ),
  ];
  await library.learnStacks({ stack: sites }, fetch);
  const place = (site: Frame): Frame => library.placeStacks({ stack: [site] }).stack[0] ?? site;
  const placed = {
    ...evidence,
    violations: evidence.violations.map((violation): RaceViolation => ({
      ...violation,
      steps: violation.steps.map((step): RaceStep => ({
        ...step,
        site: step.site === null ? null : place(step.site),
        resource: step.resource === null ? null : shortly(step.resource, cwd),
        detail: step.detail.replace(/^from (.*)$/, (_whole, path: string) => `from ${shortly(path, cwd)}`),
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

/** Files of the user's project from there on, those of packages from the package's name on, as places in code are. */
function shortly(resource: string, cwd: string): string {
  return isAbsolute(resource) ? formatFile(resource, cwd) : resource;
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
