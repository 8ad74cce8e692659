import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, relative, sep } from 'node:path';

/** One import of a source file: what it names, resolved to a path inside the package where it is relative. */
export interface Import {
  readonly from: string;
  readonly line: number;
  /** `node:…`, a package's name, or a path relative to the package with forward slashes. */
  readonly target: string;
  /** What is imported, as written: `{ a, b }`, `* as c`, `d`; '' for a bare or a dynamic import. */
  readonly names: string;
  /** Erased by the compiler: `import type …`, `export type …`, or every name with `type` before it. */
  readonly typeOnly: boolean;
}

/** Files below a folder that end so, relative to `root`, with forward slashes; empty when it does not exist. */
export function filesBelow(root: string, folder: string, ending: string): readonly string[] {
  let entries;
  try {
    entries = readdirSync(join(root, folder), { recursive: true, withFileTypes: true });
  } catch {
    return [];
  }
  return entries
    .filter((entry) => entry.isFile() && entry.name.endsWith(ending))
    .map((entry) => relative(root, join(entry.parentPath, entry.name)).split(sep).join('/'))
    .filter((file) => !/(^|\/)(node_modules|dist|dist-test)\//.test(file))
    .toSorted();
}

// `import … from 'x'`, `export … from 'x'` (type-only too), `import 'x'`, `import('x')`, `import.meta.resolve('x')`.
const STATEMENT =
  /^[ \t]*(?:import|export)\s+(type\s+(?!from\b|,))?([\w$*\s{},]*?)\s*from\s*['"]([^'"\n]+)['"]|^[ \t]*import\s*['"]([^'"\n]+)['"]|\bimport\s*\(\s*['"]([^'"\n]+)['"]|\bimport\.meta\.resolve\(\s*['"]([^'"\n]+)['"]/gm;

/** Every import in one file, type-only and dynamic ones included, comments left out. */
export function importsOf(root: string, file: string): readonly Import[] {
  const text = codeOf(root, file);
  return [...text.matchAll(STATEMENT)].map((match) => {
    const target = match[3] ?? match[4] ?? match[5] ?? match[6] ?? '';
    const names = (match[2] ?? '').replace(/\s+/g, ' ').trim();
    return {
      from: file,
      line: text.slice(0, match.index).split('\n').length,
      target: target.startsWith('.') ? posix.join(posix.dirname(file), target) : target,
      names,
      typeOnly: match[1] !== undefined || /^\{( ?type \w+[\w ]*,?)+ ?\}$/.test(names),
    };
  });
}

/** A file's text with comments blanked out, line numbers kept; strings that contain `//` survive. */
export function codeOf(root: string, file: string): string {
  const text = readFileSync(join(root, file), 'utf8');
  return text.replace(
    /(`(?:\\.|[^`\\])*`|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (found, literal?: string) => literal ?? found.replace(/[^\n]/g, ' '),
  );
}
