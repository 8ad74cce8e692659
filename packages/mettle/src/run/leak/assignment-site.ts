import type { Frame } from '../../evidence/index.ts';
import { readPlainFile } from '../plain-files.ts';

/** Larger files are generated, and their lines are long. */
const MOST_BYTES = 5_000_000;

/**
 * Where a file assigns to a variable or property: of an owner that cannot be trapped (a variable that holds the newest
 * of a list) the only place where it can grow. The last one that is no declaration; empty when there is none.
 */
export function assignmentSite(file: string, name: string): readonly Frame[] {
  if (!/^#?[\w$]+$/.test(name)) return [];
  const text = readPlainFile(file, MOST_BYTES);
  if (text === null) return [];
  const assignment = new RegExp(
    String.raw`(?<![\w$])${name.replaceAll('$', String.raw`\$`)}\s*(?:[-+|&?*]{0,2}=)(?![=>])`,
  );
  const declaration = new RegExp(String.raw`\b(?:let|const|var)\s[^=]*$`);
  const places = text.split('\n').flatMap((line, i): Frame[] => {
    const at = assignment.exec(line);
    if (at === null || /^\s*(?:\/\/|\*)/.test(line)) return [];
    if (declaration.test(line.slice(0, at.index))) return [];
    return [{ function: '', file, line: i + 1, column: at.index + 1 }];
  });
  return places.slice(-1);
}
