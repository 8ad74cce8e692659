import type { CpuProfileEvidence } from '../evidence/index.ts';

type Profile = CpuProfileEvidence['profile'];
type ProfileNode = Profile['nodes'][number];

/** Times of the profile's clock, in µs. */
export interface Span {
  readonly startUs: number;
  readonly endUs: number;
}

export interface StoreLimits {
  /** More are thinned out. */
  readonly samples: number;
  /** Deeper ones are counted for their parents. */
  readonly nodes: number;
}

/** Five minutes at one sample a millisecond, or fifty at ten: 5 MB. Ten times the different stacks of any server seen. */
const LIMITS: StoreLimits = { samples: 300_000, nodes: 100_000 };

interface StoredNode {
  readonly id: number;
  readonly callFrame: ProfileNode['callFrame'];
  hitCount: number;
  readonly ticks: Map<number, number>;
  readonly children: Map<string, StoredNode>;
}

/** Each doubles the time that a sample may stand for; the spared ones are given up after some. */
const ATTEMPTS_THAT_SPARE = 3;

/**
 * Joins the profiles of one after another time into one of bounded size. Sums (hits of a node, ticks of a line, time in
 * all) stay exact. When there are too many samples, neighbours become one that stands for the time of all, as one of
 * them by the odds of their times, so that each stack keeps its time on average; samples within `spared` spans stay.
 */
export class ProfileStore {
  readonly #limits: StoreLimits;
  #root: StoredNode | null = null;
  #nodes = 0;
  #samples: number[] = [];
  #timeDeltas: number[] = [];
  #startTime = 0;
  #endTime = 0;
  /** The most time that a thinned sample stands for; 0 before the first thinning. */
  #stepUs = 0;
  #random = 1;

  constructor(limits: StoreLimits = LIMITS) {
    this.#limits = limits;
  }

  /** Takes what V8 gathered since the last time. */
  add(profile: Profile, spared: () => readonly Span[]): void {
    const [rootNode] = profile.nodes;
    if (rootNode === undefined) return;
    if (this.#root === null) {
      this.#root = this.#newNode(rootNode.callFrame);
      this.#startTime = profile.startTime;
      this.#endTime = profile.startTime;
    }
    const ids = this.#merge(profile, this.#root);
    const gapUs = profile.startTime - this.#endTime;
    // Stopping and starting V8's profiler is none of the server's doing.
    if (gapUs > 0) this.#push(this.#childOf(this.#root, PROGRAM).id, gapUs);
    profile.samples.forEach((id, i) => {
      this.#push(ids.get(id) ?? this.#root?.id ?? 1, profile.timeDeltas[i] ?? 0);
    });
    for (let attempt = 0; this.#samples.length > this.#limits.samples; attempt++) {
      // The new ones first become as coarse as the others are.
      if (attempt > 0 || this.#stepUs === 0) this.#stepUs = 2 * (this.#stepUs || this.#meanUs());
      this.#thin(attempt < ATTEMPTS_THAT_SPARE ? spared() : []);
    }
  }

  /** Everything so far, as one profile. */
  profile(): Profile {
    const nodes: ProfileNode[] = [];
    const waiting = this.#root === null ? [] : [this.#root];
    for (let node = waiting.pop(); node !== undefined; node = waiting.pop()) {
      const children = [...node.children.values()];
      nodes.push({
        id: node.id,
        callFrame: node.callFrame,
        hitCount: node.hitCount,
        ...(children.length === 0 ? {} : { children: children.map(({ id }) => id) }),
        ...(node.ticks.size === 0
          ? {}
          : { positionTicks: [...node.ticks].map(([line, ticks]) => ({ line, ticks })) }),
      });
      waiting.push(...children);
    }
    return {
      nodes,
      startTime: this.#startTime,
      endTime: this.#endTime,
      samples: this.#samples,
      timeDeltas: this.#timeDeltas,
    };
  }

  #push(node: number, deltaUs: number): void {
    this.#samples.push(node);
    this.#timeDeltas.push(deltaUs);
    this.#endTime += deltaUs;
  }

  /** The stored node for each of the profile's. */
  #merge(profile: Profile, root: StoredNode): Map<number, number> {
    const byId = new Map(profile.nodes.map((node) => [node.id, node]));
    const ids = new Map<number, number>();
    const waiting: (readonly [ProfileNode, StoredNode])[] = [[profile.nodes[0] as ProfileNode, root]];
    for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
      const [node, stored] = next;
      ids.set(node.id, stored.id);
      stored.hitCount += node.hitCount ?? 0;
      for (const { line, ticks } of node.positionTicks ?? [])
        stored.ticks.set(line, (stored.ticks.get(line) ?? 0) + ticks);
      for (const id of node.children ?? []) {
        const child = byId.get(id);
        if (child !== undefined) waiting.push([child, this.#childOf(stored, child.callFrame)]);
      }
    }
    return ids;
  }

  #childOf(parent: StoredNode, callFrame: ProfileNode['callFrame']): StoredNode {
    const { functionName, scriptId, lineNumber, columnNumber } = callFrame;
    const key = `${scriptId}:${lineNumber}:${columnNumber}:${functionName}`;
    const known = parent.children.get(key);
    if (known !== undefined) return known;
    if (this.#nodes >= this.#limits.nodes) return parent;
    const node = this.#newNode(callFrame);
    parent.children.set(key, node);
    return node;
  }

  #newNode(callFrame: ProfileNode['callFrame']): StoredNode {
    return { id: ++this.#nodes, callFrame, hitCount: 0, ticks: new Map(), children: new Map() };
  }

  #meanUs(): number {
    return Math.max(1, (this.#endTime - this.#startTime) / this.#samples.length);
  }

  /** Joins neighbours to at most a step; not two by two, else the oldest would stand for ever more time. */
  #thin(spared: readonly Span[]): void {
    const spans = spared.toSorted((a, b) => a.startUs - b.startUs);
    const samples: number[] = [];
    const timeDeltas: number[] = [];
    let atUs = this.#startTime;
    let span = 0;
    let mayGrow = false;
    this.#samples.forEach((node, i) => {
      const deltaUs = this.#timeDeltas[i] as number;
      atUs += deltaUs;
      while ((spans[span]?.endUs ?? Infinity) < atUs) span++;
      const isSpared = (spans[span]?.startUs ?? Infinity) <= atUs;
      const last = samples.length - 1;
      const togetherUs = (timeDeltas[last] ?? 0) + deltaUs;
      if (mayGrow && !isSpared && togetherUs <= this.#stepUs) {
        if (this.#chance() * togetherUs < deltaUs) samples[last] = node;
        timeDeltas[last] = togetherUs;
        return;
      }
      samples.push(node);
      timeDeltas.push(deltaUs);
      mayGrow = !isSpared;
    });
    this.#samples = samples;
    this.#timeDeltas = timeDeltas;
  }

  /** The same every time, so that the same record comes of the same samples (Lehmer's generator). */
  #chance(): number {
    this.#random = (this.#random * 48_271) % 0x7fff_ffff;
    return this.#random / 0x7fff_ffff;
  }
}

const PROGRAM: ProfileNode['callFrame'] = {
  functionName: '(program)',
  scriptId: '0',
  url: '',
  lineNumber: -1,
  columnNumber: -1,
};
