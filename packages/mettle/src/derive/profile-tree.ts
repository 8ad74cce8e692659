/*
 * Trees of call paths as columns. The functions of this file use nothing but one another (no imports, no
 * constants): the flame graph embeds their text in the report and runs them in the browser, so that the tables
 * written here and the reader's picture are computed by the same code.
 */

/** A tree in pre-order: a node's descendants are the nodes after it, up to `end`. Node 0 is the root. */
export interface TreeColumns {
  /** Index into the frames. */
  readonly frame: Int32Array;
  /** -1 for the root. */
  readonly parent: Int32Array;
  /** First node after the node's descendants. */
  readonly end: Int32Array;
  readonly selfUs: Float64Array;
  readonly totalUs: Float64Array;
}

/** A tree in the order in which it was found: parents before children, siblings anywhere. Node 0 is the root. */
export interface GrownTree {
  readonly frame: ArrayLike<number>;
  readonly parent: ArrayLike<number>;
  readonly selfUs: ArrayLike<number>;
}

/** The tree in pre-order, among siblings the costliest first; `place[i]` is where node `i` went. */
export function orderTree(grown: GrownTree): TreeColumns & { readonly place: Int32Array } {
  const count = grown.frame.length;
  const weight = Float64Array.from(grown.selfUs);
  const first = new Int32Array(count + 1);
  for (let i = count - 1; i > 0; i--) {
    const parent = grown.parent[i] as number;
    weight[parent] = (weight[parent] as number) + (weight[i] as number);
    first[parent + 1] = (first[parent + 1] as number) + 1;
  }
  for (let i = 0; i < count; i++) first[i + 1] = (first[i + 1] as number) + (first[i] as number);
  const next = first.slice();
  const children = new Int32Array(Math.max(0, count - 1));
  for (let i = 1; i < count; i++) {
    const parent = grown.parent[i] as number;
    const at = next[parent] as number;
    children[at] = i;
    next[parent] = at + 1;
  }
  const tree = {
    frame: new Int32Array(count),
    parent: new Int32Array(count),
    end: new Int32Array(count),
    selfUs: new Float64Array(count),
    totalUs: new Float64Array(count),
    place: new Int32Array(count),
  };
  const stack = count === 0 ? [] : [0];
  for (let at = 0; stack.length > 0; at++) {
    const node = stack.pop() as number;
    tree.place[node] = at;
    tree.frame[at] = grown.frame[node] as number;
    tree.parent[at] = node === 0 ? -1 : (tree.place[grown.parent[node] as number] as number);
    tree.selfUs[at] = grown.selfUs[node] as number;
    tree.totalUs[at] = weight[node] as number;
    tree.end[at] = at + 1;
    const from = first[node] as number;
    const to = first[node + 1] as number;
    if (to === from) continue;
    // Ascending: the stack gives back the last one first.
    const siblings = children.subarray(from, to);
    if (to - from > 1)
      siblings.sort(
        (a, b) =>
          (weight[a] as number) - (weight[b] as number) ||
          (grown.frame[b] as number) - (grown.frame[a] as number),
      );
    for (let k = 0; k < siblings.length; k++) stack.push(siblings[k] as number);
  }
  for (let i = count - 1; i > 0; i--) {
    const parent = tree.parent[i] as number;
    tree.end[parent] = Math.max(tree.end[parent] as number, tree.end[i] as number);
  }
  return tree;
}

/**
 * The subtree of `within` with every node of a hidden frame dissolved: its own time goes to its caller, its
 * callees are called by its caller, and equal siblings become one.
 */
export function collapseTree(
  tree: TreeColumns,
  hidden: Uint8Array,
  frameCount: number,
  within: number,
): GrownTree {
  const frame = [tree.frame[within] as number];
  const parent = [-1];
  const selfUs = [tree.selfUs[within] as number];
  const grownAt = new Int32Array(tree.frame.length);
  const known = new Map<number, number>();
  const end = tree.end[within] as number;
  for (let i = within + 1; i < end; i++) {
    const own = tree.frame[i] as number;
    const above = grownAt[tree.parent[i] as number] as number;
    let at = above;
    if (hidden[own] === 0) {
      const key = above * frameCount + own;
      at = known.get(key) ?? -1;
      if (at < 0) {
        at = frame.length;
        known.set(key, at);
        frame.push(own);
        parent.push(above);
        selfUs.push(0);
      }
    }
    grownAt[i] = at;
    selfUs[at] = (selfUs[at] as number) + (tree.selfUs[i] as number);
  }
  return { frame, parent, selfUs };
}

/**
 * The tree bottom-up: under the root each function by its own time, under it its callers. Branches below
 * `leastUs` are not followed further, since an inverted tree has a node for every caller of every function;
 * their time stays with the last function shown. Works through the levels, without recursion.
 */
export function invertTree(tree: TreeColumns, frameCount: number, leastUs: number): GrownTree {
  const inversion: Inversion = {
    frame: [tree.frame[0] as number],
    parent: [-1],
    selfUs: [0],
    totalUs: [tree.totalUs[0] as number],
    owner: new Int32Array(frameCount).fill(-1),
    child: new Int32Array(frameCount),
  };
  let level: InversionLevel = { cursor: [], us: [], node: [] };
  for (let i = 0; i < tree.frame.length; i++) {
    const us = tree.selfUs[i] as number;
    if (us > 0) joinCaller(inversion, level, { parent: 0, source: i, frame: tree.frame[i] as number, us });
  }
  for (let firstNode = 1; level.node.length > 0;) {
    const sorted = sortByNode(level, firstNode, inversion.frame.length);
    firstNode = inversion.frame.length;
    level = { cursor: [], us: [], node: [] };
    for (let k = 0; k < sorted.node.length; k++) {
      const node = sorted.node[k] as number;
      const us = sorted.us[k] as number;
      const source = tree.parent[sorted.cursor[k] as number] as number;
      if (source > 0 && (inversion.totalUs[node] as number) >= leastUs) {
        joinCaller(inversion, level, { parent: node, source, frame: tree.frame[source] as number, us });
      } else inversion.selfUs[node] = (inversion.selfUs[node] as number) + us;
    }
  }
  return inversion;
}

/** An inverted tree while it grows. */
export interface Inversion {
  readonly frame: number[];
  readonly parent: number[];
  readonly selfUs: number[];
  readonly totalUs: number[];
  /** `child[f]` is the node of frame `f` under the node `owner[f]`: true for one parent at a time. */
  readonly owner: Int32Array;
  readonly child: Int32Array;
}
/** What reached one level: which node of the source it stands at, its time, and which inverted node it joined. */
export interface InversionLevel {
  readonly cursor: number[];
  readonly us: number[];
  readonly node: number[];
}

/** Adds time of one call path to the inverted node of its next caller. */
export function joinCaller(
  inversion: Inversion,
  level: InversionLevel,
  step: { readonly parent: number; readonly source: number; readonly frame: number; readonly us: number },
): void {
  const { owner, child } = inversion;
  if (owner[step.frame] !== step.parent) {
    owner[step.frame] = step.parent;
    child[step.frame] = inversion.frame.length;
    inversion.frame.push(step.frame);
    inversion.parent.push(step.parent);
    inversion.selfUs.push(0);
    inversion.totalUs.push(0);
  }
  const node = child[step.frame] as number;
  inversion.totalUs[node] = (inversion.totalUs[node] as number) + step.us;
  level.cursor.push(step.source);
  level.us.push(step.us);
  level.node.push(node);
}

/** The level with the entries of one node together, so that its callers are collected in one go. */
export function sortByNode(
  level: InversionLevel,
  firstNode: number,
  endNode: number,
): { readonly [K in keyof InversionLevel]: ArrayLike<number> } {
  const count = level.node.length;
  const next = new Int32Array(endNode - firstNode + 1);
  for (let k = 0; k < count; k++) {
    const slot = (level.node[k] as number) - firstNode + 1;
    next[slot] = (next[slot] as number) + 1;
  }
  for (let n = 1; n < next.length; n++) next[n] = (next[n] as number) + (next[n - 1] as number);
  const sorted = { cursor: new Int32Array(count), us: new Float64Array(count), node: new Int32Array(count) };
  for (let k = 0; k < count; k++) {
    const slot = (level.node[k] as number) - firstNode;
    const at = next[slot] as number;
    next[slot] = at + 1;
    sorted.cursor[at] = level.cursor[k] as number;
    sorted.us[at] = level.us[k] as number;
    sorted.node[at] = level.node[k] as number;
  }
  return sorted;
}

/** Time per function over the subtree of `within`: its own, and with all it called (recursion counted once). */
export function sumByFunction(
  tree: TreeColumns,
  frameCount: number,
  within: number,
): { readonly selfUs: Float64Array; readonly totalUs: Float64Array } {
  const selfUs = new Float64Array(frameCount);
  const totalUs = new Float64Array(frameCount);
  // A node lies within an earlier one of its function exactly when that one has not ended yet.
  const covered = new Int32Array(frameCount);
  const end = tree.end[within] as number;
  for (let i = within; i < end; i++) {
    const own = tree.frame[i] as number;
    selfUs[own] = (selfUs[own] as number) + (tree.selfUs[i] as number);
    if (i < (covered[own] as number)) continue;
    totalUs[own] = (totalUs[own] as number) + (tree.totalUs[i] as number);
    covered[own] = tree.end[i] as number;
  }
  return { selfUs, totalUs };
}
