import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/** In the published package, and in the repository. */
const FOLDERS = ['../../findings/', '../../../../docs/findings/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** The page that explains a finding, as Markdown; null when there is none. */
export function readFindingPage(id: string): string | null {
  if (!/^[a-z][a-z-]*$/.test(id)) return null;
  for (const folder of FOLDERS) {
    try {
      return readFileSync(`${folder}${id}.md`, 'utf8');
    } catch {
      // The other folder has it, or none.
    }
  }
  return null;
}
