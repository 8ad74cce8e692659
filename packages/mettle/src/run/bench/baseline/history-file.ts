import { appendFile, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError, type HistoryEntry } from '../../../evidence/index.ts';
import { makeFolder } from '../../../session/index.ts';
import type { Baseline } from './baseline-file.ts';

const SCHEMA = 'mettle/history@1';

/** What a run adds to a history. */
export function historyEntryOf({ savedAt, commit, environment, tools }: Baseline): HistoryEntry {
  return {
    at: savedAt,
    commit,
    environment: `${environment.cpu}, ${String(environment.cores)} cores, Node ${environment.node}`,
    tools: Object.fromEntries(
      tools.map(({ name, cpuOverYardstick, latencyOverYardstick }) => [
        name,
        { cpuOverYardstick, latencyOverYardstick },
      ]),
    ),
  };
}

/** The runs so far, oldest first; none when there is no file yet. Throws UsageError for what is no history. */
export async function readHistory(file: string): Promise<readonly HistoryEntry[]> {
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw new UsageError(`--history: ${file} cannot be read: ${(error as Error).message}.`);
  }
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line, i) => {
      try {
        const entry = JSON.parse(line) as HistoryEntry & { readonly schema?: unknown };
        if (entry.schema === SCHEMA) return entry;
      } catch {
        // Said below.
      }
      throw new UsageError(
        `--history: line ${i + 1} of ${file} is no run that mettle bench --history wrote.`,
      );
    });
}

/** Adds one line, so that histories merge in git as text does. */
export async function appendHistory(file: string, entry: HistoryEntry): Promise<void> {
  makeFolder(dirname(file));
  await appendFile(file, `${JSON.stringify({ schema: SCHEMA, ...entry })}\n`);
}
