import type { HeapGraph } from '../graph.ts';
import { classWords } from '../words.ts';

/** What a holder has most of. */
export interface Elements {
  readonly className: string;
  readonly count: number;
}

/** How many objects of each class an object holds: its properties, elements, and entries over V8's table. */
export function elementsByClass(graph: HeapGraph, holder: number): ReadonlyMap<string, number> {
  const { firstEdge, edgeTo } = graph.snapshot;
  const counts = new Map<string, number>();
  const countIn = (node: number, inTable: boolean): void => {
    const end = firstEdge[node + 1] as number;
    for (let edge = firstEdge[node] as number; edge < end; edge++) {
      if (!graph.retains(node, edge)) continue;
      const to = edgeTo[edge] as number;
      const kind = graph.edgeKind(edge);
      if (kind === 'internal' && !inTable) {
        if (graph.edgeName(edge) === 'table' && graph.kind(to) === 'array') countIn(to, true);
        continue;
      }
      // V8 lists elements and properties a second time below its own arrays: these are passed over.
      const isElement = kind === 'element' || kind === 'context' || (kind === 'internal' && inTable);
      if (!isElement && (kind !== 'property' || graph.edgeName(edge) === '__proto__')) continue;
      if (graph.isInternal(to)) continue;
      const name = classWords(graph, to);
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  };
  countIn(holder, false);
  return counts;
}

/** The class that a holder has most of. Texts are mostly keys: another class goes first that has half as many. */
export function mostOf(counts: Iterable<readonly [className: string, count: number]>): Elements | null {
  let texts: Elements | null = null;
  let best: Elements | null = null;
  for (const [className, count] of counts) {
    if (className === 'string') texts = { className, count };
    else if (count > (best?.count ?? 0)) best = { className, count };
  }
  if (texts !== null && texts.count > 2 * (best?.count ?? 0)) return texts;
  return best;
}
