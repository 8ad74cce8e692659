import { formatFile } from '../../derive/index.ts';
import type { Home } from '../../derive/index.ts';
import type { Frame, HeapGrowth, HeapGrowthEvidence } from '../../evidence/index.ts';
import type { SourceLibrary } from '../source-library.ts';

/** A function's place at the end of what describes it. */
const PLACE = / \(([^()]+):(\d+):(\d+)\)/;

/** All places of the evidence, as stacks: of sites, of functions, and those in what describes an object. */
export function stacksIn(evidence: HeapGrowthEvidence): readonly { readonly stack: readonly Frame[] }[] {
  return [
    ...evidence.growths.flatMap((growth) => [
      { stack: growth.site },
      { stack: growth.element.function === null ? [] : [growth.element.function] },
      { stack: [growth.element.description, ...growth.path].flatMap((words) => placeIn(words) ?? []) },
    ]),
    ...evidence.handles.map(({ site }) => ({ stack: site })),
  ];
}

/** The same evidence at the places that people wrote, files relative to the server's folder in what they read. */
export function atOriginalPlaces(
  evidence: HeapGrowthEvidence,
  library: SourceLibrary,
  home: Home,
): HeapGrowthEvidence {
  const placed = (stack: readonly Frame[]): readonly Frame[] => library.placeStacks({ stack }).stack;
  const shown = (words: string): string => {
    const at = placeIn(words);
    const [frame] = at === null ? [] : placed([at]);
    const file = frame === undefined ? '' : formatFile(frame.file, home.cwd);
    return frame === undefined
      ? words
      : words.replace(PLACE, () => ` (${file}:${frame.line}:${frame.column})`);
  };
  const step = (words: string): string =>
    words.startsWith('module ') ? `module ${formatFile(words.slice(7), home.cwd)}` : shown(words);
  const growth = (one: HeapGrowth): HeapGrowth => ({
    ...one,
    site: placed(one.site),
    path: one.path.map(step),
    element: {
      ...one.element,
      description: shown(one.element.description),
      function: one.element.function === null ? null : (placed([one.element.function])[0] ?? null),
    },
  });
  return {
    ...evidence,
    growths: evidence.growths.map(growth),
    handles: evidence.handles.map((handle) => ({ ...handle, site: placed(handle.site) })),
  };
}

function placeIn(words: string): Frame | null {
  const [, file, line, column] = PLACE.exec(words) ?? [];
  return file === undefined ? null : { function: '', file, line: Number(line), column: Number(column) };
}
