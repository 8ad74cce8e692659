import { readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../../evidence/index.ts';
import type { ProbeOutcome, ToolListing } from '../../evidence/index.ts';
import { makeFolder } from '../../session/folders.ts';
import { isObject } from '../../session/rpc-message.ts';
import { listingOfSnapshots } from './tool-listing.ts';

const SCHEMA = 'mettle/tools@1';

/** Keeps the list, so that a later look is compared with it. The file is whole or not there. */
export async function saveToolList(file: string, outcome: ProbeOutcome, tools: ToolListing): Promise<void> {
  const { target, startedAt, server } = outcome;
  const partial = `${file}.${String(process.pid)}.partial`;
  try {
    makeFolder(dirname(file));
    await writeFile(
      partial,
      `${JSON.stringify({ schema: SCHEMA, target, seenAt: startedAt, server, ...tools }, null, 2)}\n`,
    );
    await rename(partial, file);
  } catch (error) {
    throw new UsageError(`--save: ${file} cannot be written (${reasonOf(error)}).`);
  }
}

/** The list that was kept there; null when there is no such file. Throws UsageError for any other. */
export async function readToolList(file: string): Promise<ToolListing | null> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null;
    throw new UsageError(`--against: ${file} cannot be read (${reasonOf(error)}).`);
  }
  const listing = parse(text);
  if (listing === null)
    throw new UsageError(
      `--against: ${file} holds no tool list that mettle probe --save wrote ("${SCHEMA}").`,
    );
  return listing;
}

function parse(content: string): ToolListing | null {
  let value: unknown;
  try {
    value = JSON.parse(content);
  } catch {
    return null;
  }
  if (!isObject(value) || value['schema'] !== SCHEMA || !Array.isArray(value['tools'])) return null;
  const text = (part: unknown): string => (typeof part === 'string' ? part : '');
  const tools = value['tools'].filter(isObject).map((tool) => ({
    name: text(tool['name']),
    description: text(tool['description']),
    schema: text(tool['schema']),
    rest: text(tool['rest']),
  }));
  // Reckoned anew: a file that was edited by hand counts as what it says.
  return listingOfSnapshots(tools, Number(value['pages'] ?? 1), Number(value['bytes'] ?? 0));
}

function reasonOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : String(error);
}
