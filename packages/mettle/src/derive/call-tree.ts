import type { CpuProfileEvidence } from '../evidence/index.ts';
import type { Home } from './frames.ts';
import {
  describeFrame,
  functionKey,
  isEngineFrame,
  subjectFrame,
  type ProfileFrame,
} from './profile-frames.ts';
import { orderTree, type TreeColumns } from './profile-tree.ts';
import { filePath, isInAgentFolder } from './profile-view.ts';

export interface CallTreeOptions {
  /** Where the server's own code lives. Without it paths stay absolute. */
  readonly home?: Home;
  /** Whether the file is Mettle's agent, whose frames dissolve into their callers and whose profiling is left out. By default by its folder. */
  readonly isAgentFile?: (file: string) => boolean;
  /** Keeps the time in which the main thread had nothing to do. Left out by default: it is no cost. */
  readonly includeIdle?: boolean;
}

/**
 * The sampled call paths, one subtree per subject under the root, costliest first. Time is what passed on the
 * main thread between samples, so what callers waited for, not CPU.
 */
export interface CallTree extends TreeColumns {
  readonly frames: readonly ProfileFrame[];
  /** Samples that ended in the node. */
  readonly selfSamples: Int32Array;
  /** The subjects that were sampled, costliest first; `name` is '' for what no call started. */
  readonly subjects: readonly { readonly name: string; readonly node: number }[];
}

const NOWHERE: Home = { cwd: '', packages: [] };

/** Folds a profile and its labels into call paths per subject. */
export function buildCallTree(evidence: CpuProfileEvidence, options: CallTreeOptions = {}): CallTree {
  const nodes = indexNodes(evidence, options);
  const tallies = tallySamples(evidence, nodes, options.includeIdle === true);
  const growth: Growth = { frame: [0], parent: [-1], selfUs: [0], samples: [0], known: new Map() };
  const roots = new Map<number, number>();
  const placed = new Map<number, number>();
  const subjectFrames: ProfileFrame[] = evidence.subjects.map(subjectFrame);
  // The root's frame, then the subjects', then the profile's functions.
  const frames: ProfileFrame[] = [{ ...subjectFrame(''), name: 'all' }, ...subjectFrames, ...nodes.frames];
  const functionsFrom = 1 + subjectFrames.length;
  for (const [key, tally] of tallies) {
    const subject = Math.floor(key / nodes.count);
    let root = roots.get(subject);
    if (root === undefined) {
      root = growth.frame.length;
      roots.set(subject, root);
      grow(growth, 0, 1 + subject);
    }
    const at = placePath(
      { nodes, growth, placed, functionsFrom, root },
      subject,
      key % nodes.count,
      frames.length,
    );
    growth.selfUs[at] = (growth.selfUs[at] as number) + tally.us;
    growth.samples[at] = (growth.samples[at] as number) + tally.samples;
  }
  const ordered = orderTree(growth);
  const selfSamples = new Int32Array(growth.samples.length);
  ordered.place.forEach((place, grown) => {
    selfSamples[place] = growth.samples[grown] as number;
  });
  const subjects = [...roots]
    .map(([subject, root]) => ({
      name: evidence.subjects[subject] ?? '',
      node: ordered.place[root] as number,
    }))
    .sort((a, b) => a.node - b.node);
  const { frame, parent, end, selfUs, totalUs } = ordered;
  return { frames, frame, parent, end, selfUs, totalUs, selfSamples, subjects };
}

/** A profile's nodes as columns. `frame` is -1 for what leaves no frame: the root, and Mettle's agent. */
interface NodeIndex {
  readonly count: number;
  readonly indexOf: ReadonlyMap<number, number>;
  readonly parent: Int32Array;
  readonly frame: Int32Array;
  readonly idle: Uint8Array;
  /** 1 for what the agent does with the inspector: the cost of looking, not the server's. */
  readonly instrument: Uint8Array;
  readonly frames: readonly ProfileFrame[];
}

function indexNodes({ profile }: CpuProfileEvidence, options: CallTreeOptions): NodeIndex {
  const count = profile.nodes.length;
  const indexOf = new Map(profile.nodes.map((node, i) => [node.id, i]));
  const parent = new Int32Array(count).fill(-1);
  const frame = new Int32Array(count).fill(-1);
  const idle = new Uint8Array(count);
  const agent = new Uint8Array(count);
  const frames: ProfileFrame[] = [];
  const known = new Map<string, number>();
  const isAgentFile = options.isAgentFile ?? isInAgentFolder;
  profile.nodes.forEach((node, i) => {
    for (const child of node.children ?? []) parent[indexOf.get(child) ?? i] = i;
    const { callFrame } = node;
    const engine = isEngineFrame(callFrame);
    if (engine && callFrame.functionName === '(idle)') idle[i] = 1;
    if (engine && callFrame.functionName === '(root)') return;
    if (isAgentFile(filePath(callFrame.url))) {
      agent[i] = 1;
      return;
    }
    const key = functionKey(callFrame);
    let at = known.get(key);
    if (at === undefined) {
      at = frames.length;
      known.set(key, at);
      frames.push(describeFrame(callFrame, options.home ?? NOWHERE));
    }
    frame[i] = at;
  });
  const begins = (i: number): boolean =>
    agent[parent[i] ?? -1] === 1 && isOnlyForTheAgent(profile.nodes[i]?.callFrame);
  return { count, indexOf, parent, frame, idle, instrument: markBelow(parent, begins), frames };
}

/** What the agent calls for itself: the profiler, and the clocks. Whatever else it calls (`emit`, `run`) leads on to the server's code. */
function isOnlyForTheAgent(
  frame: { readonly url: string; readonly functionName: string } | undefined,
): boolean {
  return (
    frame?.url === 'node:inspector' ||
    frame?.url === 'node:internal/perf/nodetiming' ||
    frame?.functionName === 'cpuUsage'
  );
}

/** 1 for every node for which `begins` holds, and for all below it. */
function markBelow(parent: Int32Array, begins: (node: number) => boolean): Uint8Array {
  const marked = new Uint8Array(parent.length);
  const known = new Uint8Array(parent.length);
  for (let i = 0; i < parent.length; i++) {
    const path: number[] = [];
    let up = i;
    for (; up >= 0 && known[up] === 0; up = parent[up] as number) path.push(up);
    let inside = up >= 0 && marked[up] === 1;
    for (let node = path.pop(); node !== undefined; node = path.pop()) {
      inside ||= begins(node);
      known[node] = 1;
      marked[node] = inside ? 1 : 0;
    }
  }
  return marked;
}

interface Tally {
  us: number;
  samples: number;
}

/** Time and samples for each subject and node, keyed `subject * nodes + node`. */
function tallySamples(
  evidence: CpuProfileEvidence,
  nodes: NodeIndex,
  includeIdle: boolean,
): Map<number, Tally> {
  const { samples, timeDeltas, startTime } = evidence.profile;
  const tallies = new Map<number, Tally>();
  let time = startTime;
  let latest = startTime;
  for (let i = 0; i < samples.length; i++) {
    time += timeDeltas[i] ?? 0;
    // V8 may hand over neighbouring samples in the wrong order: a negative delta.
    const us = Math.max(0, time - latest);
    latest = Math.max(latest, time);
    const node = nodes.indexOf.get(samples[i] as number);
    if (node === undefined || nodes.instrument[node] === 1 || (nodes.idle[node] === 1 && !includeIdle))
      continue;
    const key = (evidence.sampleSubjects[i] ?? 0) * nodes.count + node;
    const tally = tallies.get(key);
    if (tally === undefined) tallies.set(key, { us, samples: 1 });
    else {
      tally.us += us;
      tally.samples++;
    }
  }
  return tallies;
}

interface Growth {
  readonly frame: number[];
  readonly parent: number[];
  readonly selfUs: number[];
  readonly samples: number[];
  /** Child by `parent * frames + frame`. */
  readonly known: Map<number, number>;
}

function grow(growth: Growth, parent: number, frame: number): void {
  growth.frame.push(frame);
  growth.parent.push(parent);
  growth.selfUs.push(0);
  growth.samples.push(0);
}

interface Placing {
  readonly nodes: NodeIndex;
  readonly growth: Growth;
  /** Where a node of the profile went, by `subject * nodes + node`. */
  readonly placed: Map<number, number>;
  readonly functionsFrom: number;
  readonly root: number;
}

/** The tree's node for a call path of one subject, made if need be together with its callers. */
function placePath(placing: Placing, subject: number, node: number, frameCount: number): number {
  const { nodes, growth, placed, functionsFrom } = placing;
  const pending: number[] = [];
  let at = placing.root;
  for (let up = node; up >= 0; up = nodes.parent[up] as number) {
    const known = placed.get(subject * nodes.count + up);
    if (known !== undefined) {
      at = known;
      break;
    }
    pending.push(up);
  }
  for (let down = pending.pop(); down !== undefined; down = pending.pop()) {
    const own = nodes.frame[down] as number;
    if (own >= 0) {
      const key = at * frameCount + functionsFrom + own;
      let child = growth.known.get(key);
      if (child === undefined) {
        child = growth.frame.length;
        growth.known.set(key, child);
        grow(growth, at, functionsFrom + own);
      }
      at = child;
    }
    placed.set(subject * nodes.count + down, at);
  }
  return at;
}
