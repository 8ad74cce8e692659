import { isAbsolute, relative } from 'node:path';
import { fileURLToPath } from 'node:url';

/** A server that the person who started `mettle mcp` allows to be examined. */
export interface AllowedTarget {
  readonly name: string;
  /** What it is, for the agent: secrets are redacted. */
  readonly describes: string;
  /** The target as options of the command line, without and up to `--`. */
  readonly options: readonly string[];
  /** What follows `--`. */
  readonly command: readonly string[];
  /** Where it is started; null for one that already runs elsewhere. */
  readonly cwd: string | null;
}

/** The target of that name. Throws with the names that there are. */
export function targetNamed(targets: readonly AllowedTarget[], name: string | undefined): AllowedTarget {
  const [first] = targets;
  if (name === undefined && targets.length === 1 && first !== undefined) return first;
  const found = targets.find((target) => target.name === name);
  if (found !== undefined) return found;
  const names = targets.map((target) => target.name).join(', ');
  throw new Error(
    name === undefined
      ? `Say which server with "target": ${names}.`
      : `"${name}" is no server that may be examined; there are: ${names}. More are allowed where mettle mcp is started.`,
  );
}

/** Why the client's roots forbid this target; null when they do not. A client without roots forbids none. */
export function outsideOfRoots(target: AllowedTarget, roots: readonly { uri: string }[]): string | null {
  const { cwd } = target;
  if (cwd === null) return null;
  const folders = roots.flatMap(({ uri }) => {
    try {
      return [fileURLToPath(uri)];
    } catch {
      return [];
    }
  });
  const isInside = folders.some((folder) => {
    const way = relative(folder, cwd);
    return way === '' || (!way.startsWith('..') && !isAbsolute(way));
  });
  return isInside
    ? null
    : `"${target.name}" is started in ${cwd}, which lies in none of the client's roots (${folders.join(', ') || 'none'}): add that folder to them.`;
}
