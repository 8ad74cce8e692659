import { fileURLToPath } from 'node:url';
import type { Frame, SurvivingSite } from '../evidence/index.ts';
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
export interface SamplingProfile {
  readonly profile: {
    readonly head: SamplingNode;
    readonly samples: readonly {
      readonly nodeId: number;
      readonly count?: number;
      /** Samples are numbered as they are taken. */
      readonly ordinal?: number;
    }[];
  };
}

/** Sites with the most live bytes; the others are too small to matter. */
const MOST_SITES = 400;
const MOST_FRAMES = 32;
/** Parts of a watch, by what was allocated in it. */
const PARTS = 8;

export async function startSampling(inspector: HeapInspector, intervalBytes: number): Promise<void> {
  await inspector.post('HeapProfiler.startSampling', { samplingInterval: intervalBytes });
}

/** What of the objects allocated since still lives, by the stack that allocated it, most bytes first. */
export async function readSampling(inspector: HeapInspector): Promise<readonly SampledSite[]> {
  const { profile } = await inspector.post<SamplingProfile>('HeapProfiler.getSamplingProfile');
  const counts = new Map<number, number>();
  for (const { nodeId } of profile.samples) counts.set(nodeId, (counts.get(nodeId) ?? 0) + 1);
  const sites: SampledSite[] = [];
  walk(profile.head, [], (node, stack) => {
    if (node.selfSize > 0 && stack.length > 0)
      sites.push({ stack, bytes: node.selfSize, count: counts.get(node.id) ?? 0 });
  });
  return sites.toSorted((a, b) => b.bytes - a.bytes).slice(0, MOST_SITES);
}

/** What still lives by the stack that allocated it, with the times of its births; most bytes first. */
export function survivingSites({ profile }: SamplingProfile): {
  readonly samples: number;
  readonly alive: { readonly bytes: number; readonly samples: number };
  readonly sites: readonly SurvivingSite[];
} {
  const all = profile.samples.reduce((most, { ordinal = 0 }) => Math.max(most, ordinal), 0);
  const births = new Map<number, number[]>();
  for (const { nodeId, ordinal = 0 } of profile.samples) {
    let parts = births.get(nodeId);
    if (parts === undefined) births.set(nodeId, (parts = Array.from({ length: PARTS }, () => 0)));
    const part = Math.min(PARTS - 1, Math.floor((ordinal / (all + 1)) * PARTS));
    parts[part] = (parts[part] ?? 0) + 1;
  }
  const sites: SurvivingSite[] = [];
  let bytes = 0;
  walk(profile.head, [], (node, stack) => {
    bytes += node.selfSize;
    const parts = births.get(node.id);
    if (parts === undefined || stack.length === 0) return;
    sites.push({
      stack,
      bytes: node.selfSize,
      samples: parts.reduce((sum, count) => sum + count, 0),
      births: parts,
    });
  });
  const alive = { bytes, samples: profile.samples.length };
  return { samples: all, alive, sites: sites.toSorted((a, b) => b.bytes - a.bytes).slice(0, MOST_SITES) };
}

function walk(
  node: SamplingNode,
  callers: readonly Frame[],
  visit: (node: SamplingNode, stack: readonly Frame[]) => void,
): void {
  const frame = frameOf(node);
  const stack = frame === null ? callers : [frame, ...callers].slice(0, MOST_FRAMES);
  visit(node, stack);
  for (const child of node.children) walk(child, stack, visit);
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
