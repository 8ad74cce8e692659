import { readFileSync, statSync } from 'node:fs';
import type { SourceText } from '../derive/index.ts';

/** Larger files are generated; a person's line is not found in them by name. */
const MOST_SOURCE_BYTES = 5_000_000;

/** Reads source files once each; null for what cannot be read or is too large. */
export function sourceReader(): SourceText {
  const known = new Map<string, string | null>();
  return (file) => {
    let text = known.get(file);
    if (text === undefined) {
      text = read(file);
      known.set(file, text);
    }
    return text;
  };
}

function read(file: string): string | null {
  try {
    return statSync(file).size > MOST_SOURCE_BYTES ? null : readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
