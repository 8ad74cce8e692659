import {
  existsSync,
  lstatSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import { makeFolder } from '../session/folders.ts';

/** One file of the set-up, beside what stands there. */
export interface Change {
  /** Relative to the project; of a workflow it may be above it. */
  readonly file: string;
  /** The folder that it must not lead out of: the project, or its repository. */
  readonly within: string;
  /** What stands there; null when there is no such file. */
  readonly before: string | null;
  readonly after: string;
  readonly kind: 'new' | 'same' | 'differs' | 'edit';
}

/** What would become of a file. Throws UsageError for one that is not `within`: the project, where nothing else is said. */
export function changeOf(folder: string, file: string, after: string, within: string = folder): Change {
  const before = read(folder, file, within);
  const kind = before === null ? 'new' : before === after ? 'same' : 'differs';
  return { file, within, before, after, kind };
}

/** A change within a file of the user's, rather than of the whole. */
export function editOf(folder: string, file: string, before: string, after: string): Change {
  checkInside(folder, file, folder);
  return { file, within: folder, before, after, kind: 'edit' };
}

/** Writes a change, whole or not at all. Throws UsageError when the file changed since it was looked at. */
export function writeChange(folder: string, { file, within, before, after }: Change): void {
  if (read(folder, file, within) !== before)
    throw new UsageError(`${file} was changed while mettle init ran, and is left alone; run it again.`);
  const path = join(folder, file);
  const partial = `${path}.partial-${String(process.pid)}`;
  try {
    makeFolder(dirname(path));
    // A program stays one that may be executed.
    const mode = before === null ? 0o666 : lstatSync(path).mode & 0o777;
    writeFileSync(partial, after, { mode });
    renameSync(partial, path);
  } catch (error) {
    const { code = 'no access' } = error as NodeJS.ErrnoException;
    if (code !== 'ENOTDIR') rmSync(partial, { force: true });
    throw new UsageError(
      `${path} cannot be written (${code}): mettle init writes into the project's folder.`,
    );
  }
}

function read(folder: string, file: string, within: string): string | null {
  checkInside(folder, file, within);
  const path = join(folder, file);
  return existsSync(path) ? readFileSync(path, 'utf8') : null;
}

/** A link may lead elsewhere, and what is elsewhere is none of ours. */
function checkInside(folder: string, file: string, within: string): void {
  const root = realpathSync(within);
  let at = join(realpathSync(folder), file);
  while (!existsSync(at)) at = dirname(at);
  const way = relative(root, realpathSync(at));
  if (way === '..' || way.startsWith(`..${sep}`))
    throw new UsageError(
      `${file} leads out of ${within} by a symbolic link, and mettle init writes only inside.`,
    );
}
