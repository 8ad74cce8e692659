import { existsSync, readFileSync } from 'node:fs';
import { join, normalize } from 'node:path';
import type { Project } from './project.ts';
import { relativeTo } from './sources.ts';
import { scriptOf } from './start-command.ts';

/** Where the memory log goes, or why it cannot be put anywhere. */
export type MemoryLine =
  | { readonly file: string; readonly before: string; readonly after: string }
  | { readonly why: string; readonly isThere?: true };

const BUILT = /^(?:dist|build|lib|out)\//;

/** Puts `watchMemory()` after the imports of the file that starts the server. */
export function memoryLine(project: Project, command: readonly string[] | null): MemoryLine {
  const script = command === null ? null : scriptOf(command.slice(1));
  if (script === null) return { why: 'the command does not name the file that starts the server' };
  const file = sourceOf(project.folder, relativeTo(project.folder, join(project.folder, script)));
  if (file === null)
    return { why: `${script} is built, and its source is not where it usually is: add watchMemory() there` };
  const before = readFileSync(join(project.folder, file), 'utf8');
  if (before.includes('watchMemory')) return { why: `${file} has it`, isThere: true };
  if (!project.hasRuntime)
    return { why: '@mettle/runtime is not installed here: install it, and run mettle init again' };
  const commonJs =
    file.endsWith('.cjs') ||
    (!project.modules && file.endsWith('.js') && !/^\s*(import|export)\s/m.test(before));
  return { file, before, after: withLine(before, commonJs) };
}

/** The file that people edit: of `dist/index.js` it is `src/index.ts`. */
function sourceOf(folder: string, script: string): string | null {
  if (script.startsWith('..')) return null;
  const stem = script.replace(/\.[cm]?[jt]sx?$/, '');
  if (!BUILT.test(script))
    return [script, `${stem}.js`, `${script}.js`].find((file) => existsSync(join(folder, file))) ?? null;
  const inside = stem.replace(BUILT, '');
  return (
    ['src/', '']
      .flatMap((place) =>
        ['ts', 'mts', 'tsx', 'js', 'mjs'].map((extension) => `${place}${inside}.${extension}`),
      )
      .map((file) => normalize(file))
      .find((file) => existsSync(join(folder, file))) ?? null
  );
}

function withLine(source: string, commonJs: boolean): string {
  const newline = source.includes('\r\n') ? '\r\n' : '\n';
  const lines = source.split(/\r?\n/);
  const at = endOfImports(lines, commonJs);
  const quote = /\bfrom "|require\("/.test(source) ? '"' : "'";
  const name = `${quote}@mettle/runtime/memory${quote}`;
  const added = [
    commonJs ? `const { watchMemory } = require(${name});` : `import { watchMemory } from ${name};`,
    '',
    '// One JSON line a minute on stderr, and an alarm when memory grows for good.',
    'watchMemory();',
  ];
  const after = lines[at] === '' || at >= lines.length ? [] : [''];
  return [...lines.slice(0, at), ...added, ...after, ...lines.slice(at)].join(newline);
}

/**
 * The line after the last import at the top: what comes before is a shebang, comments, directives and imports. Statements
 * in between end it, so that nothing that runs moves.
 */
function endOfImports(lines: readonly string[], commonJs: boolean): number {
  const begins = commonJs ? /^(?:const|let|var)\s+[^=]+=\s*require\(|^require\(/ : /^import\b(?!\s*\()/;
  let last = 0;
  let inComment = false;
  let inImport = false;
  for (const [i, line] of lines.entries()) {
    const text = line.trim();
    if (inComment) {
      inComment = !text.includes('*/');
    } else if (inImport) {
      inImport = !endsImport(text);
      if (!inImport) last = i + 1;
    } else if (text.startsWith('/*')) {
      inComment = !text.includes('*/');
    } else if (begins.test(text)) {
      inImport = !endsImport(text);
      if (!inImport) last = i + 1;
    } else if (text.startsWith('#!') || /^(['"])use \w+\1;?$/.test(text)) {
      last = i + 1;
    } else if (text !== '' && !text.startsWith('//')) return last;
  }
  return last;
}

/** The specifier ends an import, or the call of `require`. */
function endsImport(text: string): boolean {
  return /(?:['"](?:\s*with\s*\{[^}]*\})?|\))\s*;?\s*(?:\/\/.*)?$/.test(text);
}
