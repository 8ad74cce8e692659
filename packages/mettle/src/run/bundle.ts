import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { UsageError } from '../evidence/index.ts';
import { makeFolder } from '../session/index.ts';
import type { Bundle, BundleManifest, EvidenceKey, EvidenceMap } from '../evidence/index.ts';

const MANIFEST = 'bundle.json';
const SCHEMA = 'mettle/bundle@1';

/** Writes the bundle into `directory` (made when missing): bundle.json, and evidence/KEY.json for every key. */
export async function writeBundle(directory: string, bundle: Bundle): Promise<void> {
  makeFolder(join(directory, 'evidence'));
  const keys = Object.keys(bundle.evidence) as EvidenceKey[];
  await Promise.all(
    keys.map((key) => writeJson(join(directory, 'evidence', `${key}.json`), bundle.evidence[key])),
  );
  // The manifest last: a bundle without one is unfinished.
  await writeJson(join(directory, MANIFEST), bundle.manifest);
}

/** Reads a bundle that `writeBundle` wrote. Throws UsageError when there is none or it is of another version. */
export async function readBundle(directory: string): Promise<Bundle> {
  const read = (await readJson(join(directory, MANIFEST), directory)) as { readonly schema?: unknown };
  if (read.schema !== SCHEMA)
    throw new UsageError(
      `${directory} holds a bundle of schema ${JSON.stringify(read.schema)}; this version of Mettle reads "${SCHEMA}".`,
    );
  const manifest = read as BundleManifest;
  const evidence: Partial<Record<EvidenceKey, unknown>> = {};
  for (const key of manifest.present)
    evidence[key] = await readJson(join(directory, 'evidence', `${key}.json`), directory);
  return { manifest, evidence: evidence as Partial<EvidenceMap> };
}

async function writeJson(file: string, value: unknown): Promise<void> {
  const partial = `${file}.partial`;
  await writeFile(partial, JSON.stringify(value));
  await rename(partial, file);
}

async function readJson(file: string, directory: string): Promise<unknown> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UsageError(
      `${directory} is not a Mettle bundle: ${file} cannot be read (${code ?? String(error)}). Pass the directory that a run named, such as .mettle/….`,
    );
  }
  try {
    return JSON.parse(text);
  } catch {
    throw new UsageError(`${file} is not valid JSON: the bundle is damaged.`);
  }
}
