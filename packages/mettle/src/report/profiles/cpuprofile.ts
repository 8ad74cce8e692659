import type { CpuProfileEvidence } from '../../evidence/index.ts';
import { isEngineFrame, OUTSIDE_CALLS } from '../../derive/profile-frames.ts';

type Profile = CpuProfileEvidence['profile'];
type ProfileNode = Profile['nodes'][number];
interface WrittenNode {
  id: number;
  callFrame: ProfileNode['callFrame'];
  hitCount: number;
  children: number[];
  positionTicks?: ProfileNode['positionTicks'];
}

/**
 * The profile as a `.cpuprofile` that Chrome DevTools and every other viewer of the format opens, with one frame
 * `tool: …` per subject between the root and that subject's stacks: so any viewer shows time per tool.
 */
export function renderCpuProfile(evidence: CpuProfileEvidence): string {
  const { profile } = evidence;
  const writer = new ProfileWriter(evidence);
  const samples = profile.samples.map((id, i) => {
    const node = writer.place(evidence.sampleSubjects[i] ?? 0, id);
    node.hitCount++;
    return node.id;
  });
  writer.keepLineTicks();
  const { startTime, endTime, timeDeltas } = profile;
  return JSON.stringify({ nodes: writer.nodes, startTime, endTime, samples, timeDeltas });
}

class ProfileWriter {
  readonly nodes: WrittenNode[] = [];
  readonly #subjects: readonly string[];
  readonly #sources: ReadonlyMap<number, ProfileNode>;
  readonly #parents = new Map<number, number>();
  readonly #root: WrittenNode;
  readonly #tops = new Map<number, WrittenNode>();
  /** By subject, then by the node's id in the source. */
  readonly #placed = new Map<number, Map<number, WrittenNode>>();

  constructor({ profile, subjects }: CpuProfileEvidence) {
    this.#subjects = subjects;
    this.#sources = new Map(profile.nodes.map((node) => [node.id, node]));
    for (const node of profile.nodes)
      for (const child of node.children ?? []) this.#parents.set(child, node.id);
    this.#root = this.#add(undefined, syntheticFrame('(root)'));
  }

  /** The node for a source node under a subject, made with its callers if it is not there yet. */
  place(subject: number, id: number): WrittenNode {
    const pending: ProfileNode[] = [];
    let parent: WrittenNode | undefined;
    // Idle time is nobody's.
    const owner = this.#sources.get(id)?.callFrame.functionName === '(idle)' ? 0 : subject;
    const placed = this.#placed.get(owner) ?? new Map<number, WrittenNode>();
    this.#placed.set(owner, placed);
    for (
      let up: number | undefined = id;
      up !== undefined && parent === undefined;
      up = this.#parents.get(up)
    ) {
      parent = placed.get(up);
      const source = this.#sources.get(up);
      if (parent === undefined && source !== undefined && this.#parents.has(up)) pending.push(source);
    }
    for (let source = pending.pop(); source !== undefined; source = pending.pop()) {
      const node = this.#add(parent ?? this.#above(owner, source), source.callFrame);
      placed.set(source.id, node);
      parent = node;
    }
    return parent ?? this.#root;
  }

  /** V8 counts ticks per line for a node, not per subject: they are kept where the node has one subject only. */
  keepLineTicks(): void {
    const copies = new Map<number, WrittenNode[]>();
    for (const placed of this.#placed.values())
      for (const [id, node] of placed) copies.set(id, [...(copies.get(id) ?? []), node]);
    for (const [id, [only, ...others]] of copies) {
      const ticks = this.#sources.get(id)?.positionTicks;
      if (only !== undefined && others.length === 0 && ticks !== undefined) only.positionTicks = ticks;
    }
  }

  /** DevTools looks for V8's own frames directly under the root: there they stay when no call was running. */
  #above(subject: number, source: ProfileNode): WrittenNode {
    return subject === 0 && isEngineFrame(source.callFrame) ? this.#root : this.#top(subject);
  }

  #top(subject: number): WrittenNode {
    let top = this.#tops.get(subject);
    if (top === undefined) {
      const name = this.#subjects[subject] ?? '';
      top = this.#add(this.#root, syntheticFrame(name === '' ? OUTSIDE_CALLS : `tool: ${name}`));
      this.#tops.set(subject, top);
    }
    return top;
  }

  #add(parent: WrittenNode | undefined, callFrame: ProfileNode['callFrame']): WrittenNode {
    const node: WrittenNode = { id: this.nodes.length + 1, callFrame, hitCount: 0, children: [] };
    parent?.children.push(node.id);
    this.nodes.push(node);
    return node;
  }
}

function syntheticFrame(functionName: string): ProfileNode['callFrame'] {
  return { functionName, scriptId: '0', url: '', lineNumber: -1, columnNumber: -1 };
}
