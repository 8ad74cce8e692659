import { fileURLToPath } from 'node:url';
import type { Frame } from '../evidence/index.ts';
import type { HeapInspector } from './heap-inspector.ts';
import type { SampledSite } from './heap-protocol.ts';

interface SamplingNode {
  readonly callFrame: {
    readonly functionName: string;
    readonly url: string;
    readonly lineNumber: number;
    readonly columnNumber: number;
  };
  readonly selfSize: number;
  readonly id: number;
  readonly children: readonly SamplingNode[];
}
interface SamplingProfile {
  readonly profile: {
    readonly head: SamplingNode;
    readonly samples: readonly { readonly nodeId: number; readonly count?: number }[];
  };
}

/** Sites with the most live bytes; the others are too small to matter. */
const MOST_SITES = 400;
const MOST_FRAMES = 32;

export async function startSampling(inspector: HeapInspector, intervalBytes: number): Promise<void> {
  await inspector.post('HeapProfiler.startSampling', { samplingInterval: intervalBytes });
}

/** What of the objects allocated since still lives, by the stack that allocated it, most bytes first. */
export async function readSampling(inspector: HeapInspector): Promise<readonly SampledSite[]> {
  const { profile } = await inspector.post<SamplingProfile>('HeapProfiler.getSamplingProfile');
  const counts = new Map<number, number>();
  for (const { nodeId } of profile.samples) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
  const sites: SampledSite[] = [];
  const visit = (node: SamplingNode, callers: readonly Frame[]): void => {
    const frame = frameOf(node);
    const stack = frame === null ? callers : [frame, ...callers].slice(0, MOST_FRAMES);
    if (node.selfSize > 0 && stack.length > 0)
      sites.push({ stack, bytes: node.selfSize, count: counts.get(node.id) ?? 0 });
    for (const child of node.children) visit(child, stack);
  };
  visit(profile.head, []);
  return sites.toSorted((a, b) => b.bytes - a.bytes).slice(0, MOST_SITES);
}

/** V8 gives the line on which the function begins, not the one that allocates. */
function frameOf({ callFrame }: SamplingNode): Frame | null {
  const { functionName, url, lineNumber, columnNumber } = callFrame;
  if (url === '' || url.startsWith('node:')) return null;
  return {
    function: functionName,
    file: url.startsWith('file:') ? fileURLToPath(url) : url,
    line: lineNumber + 1,
    column: columnNumber + 1,
  };
}
