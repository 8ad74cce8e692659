import type { SourceText } from '../derive/index.ts';
import type { SourcesEvidence } from '../evidence/index.ts';
import { isSourceName, readPlainFile } from './plain-files.ts';

/** Larger files are generated; a person's line is not found in them by name. */
const MOST_SOURCE_BYTES = 5_000_000;

/**
 * Reads source files once each; null for what cannot be read, is too large, or is no source code: a place in a bundle
 * may name any file. Of files that are not here, the lines that `sources` has.
 */
export function sourceReader(sources?: SourcesEvidence): SourceText {
  const known = new Map<string, string | null>();
  return (file) => {
    let text = known.get(file);
    if (text === undefined) {
      text = read(file) ?? quoted(sources?.files[file]?.lines);
      known.set(file, text);
    }
    return text;
  };
}

function read(file: string): string | null {
  const text = readPlainFile(file, MOST_SOURCE_BYTES);
  return text !== null && (isSourceName(file) || text.startsWith('#!')) ? text : null;
}

function quoted(lines: Readonly<Record<string, string>> | undefined): string | null {
  if (lines === undefined) return null;
  const all: string[] = [];
  for (const [line, text] of Object.entries(lines)) all[Number(line) - 1] = text;
  return Array.from(all, (text: string | undefined) => text ?? '').join('\n');
}
