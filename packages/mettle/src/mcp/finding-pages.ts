import { readdir, readFile } from 'node:fs/promises';
import { fileURLToPath } from 'node:url';

/** In the published package, and in the repository. */
const FOLDERS = ['../../findings/', '../../../../docs/findings/'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
);

/** Ids of the findings that have a page. */
export async function findingIds(): Promise<readonly string[]> {
  for (const folder of FOLDERS) {
    const names = await readdir(folder).catch(() => null);
    if (names !== null)
      return names
        .filter((name) => name.endsWith('.md'))
        .map((name) => name.slice(0, -3))
        .toSorted();
  }
  return [];
}

/** The page that explains a finding: symptom, how Mettle decides, cause, fix; null when there is none. */
export async function findingPage(id: string): Promise<string | null> {
  if (!/^[a-z][a-z-]*$/.test(id)) return null;
  for (const folder of FOLDERS) {
    const text = await readFile(`${folder}${id}.md`, 'utf8').catch(() => null);
    if (text !== null) return text;
  }
  return null;
}
