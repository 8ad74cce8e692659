import type { HeapGrowth } from '../../../evidence/index.ts';
import type { SourceText } from '../../../derive/index.ts';

/*
 * Vite runs a module as the block of a function, and V8's snapshots do not name the variables of blocks. The line that
 * adds an element does.
 */

const ADDING =
  /([A-Za-z_$][\w$]*)\s*(?:\?\.|\.)\s*(?:set|add|push|unshift|splice|on|once|addListener|addEventListener)\s*\(/;
const ASSIGNING = /([A-Za-z_$][\w$]*)\s*\[[^\]]+\]\s*=(?!=)/;
/** Where Vitest keeps the modules that it has run. */
const VITEST_MODULES = /^VitestEvaluatedModules\b/;
const PLACE = / \(([^()]+):\d+:\d+\)$/;

/** The growth with its owner's name and module as people know them. */
export function namedBySource(growth: HeapGrowth, textOf: SourceText): HeapGrowth {
  const { owner, path } = growth;
  if (!path.some((step) => VITEST_MODULES.test(step))) return growth;
  const closure = path.findIndex(
    (step, i) => i > 0 && /^(?:entry )?closure\b/.test(step) && PLACE.test(step),
  );
  const module = closure < 0 ? undefined : PLACE.exec(path[closure] ?? '')?.[1];
  const rest = closure < 0 ? path : path.slice(closure + 1);
  const name = owner === null || owner.name !== null ? null : nameAt(growth, textOf);
  const named =
    name === null || rest[0] !== owner?.className ? rest : [`${rest[0]} "${name}"`, ...rest.slice(1)];
  return {
    ...growth,
    owner: owner === null || name === null ? owner : { ...owner, name },
    path: module === undefined ? named : [`module ${module}`, ...named],
  };
}

function nameAt({ site }: HeapGrowth, textOf: SourceText): string | null {
  const frame = site.find(({ file }) => file !== '' && !file.startsWith('node:'));
  const line = frame === undefined ? undefined : textOf(frame.file)?.split('\n')[frame.line - 1];
  if (line === undefined) return null;
  return (ADDING.exec(line) ?? ASSIGNING.exec(line))?.[1] ?? null;
}
