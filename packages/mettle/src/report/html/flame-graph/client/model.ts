import type {
  collapseTree as CollapseTree,
  invertTree as InvertTree,
  orderTree as OrderTree,
  sumByFunction as SumByFunction,
  TreeColumns,
} from '../../../../derive/profile-tree.ts';
import type { PackedProfile } from '../pack.ts';
import type { Model, Settings, View } from './app.ts';

declare const collapseTree: typeof CollapseTree;
declare const invertTree: typeof InvertTree;
declare const orderTree: typeof OrderTree;
declare const sumByFunction: typeof SumByFunction;

/** The profile from the form in which the page carries it. */
export function unpackProfile(packed: PackedProfile): Model {
  const count = packed.nodeCount;
  const tree = {
    frame: new Int32Array(count),
    parent: new Int32Array(count),
    end: new Int32Array(count),
    selfUs: new Float64Array(count),
    totalUs: new Float64Array(count),
  };
  const bytes = atob(packed.nodes);
  let at = 0;
  const integer = (): number => {
    let value = 0;
    for (let scale = 1; ; scale *= 128) {
      const byte = bytes.charCodeAt(at++);
      if (byte < 128) return value + byte * scale;
      value += (byte - 128) * scale;
    }
  };
  for (let i = 0; i < count; i++) {
    tree.frame[i] = integer();
    let parent = i - 1;
    for (let up = integer(); up > 0; up--) parent = tree.parent[parent] as number;
    tree.parent[i] = parent;
    tree.selfUs[i] = integer();
    tree.totalUs[i] = tree.selfUs[i] as number;
    tree.end[i] = i + 1;
  }
  for (let i = count - 1; i > 0; i--) {
    const parent = tree.parent[i] as number;
    tree.totalUs[parent] = (tree.totalUs[parent] as number) + (tree.totalUs[i] as number);
    if ((tree.end[i] as number) > (tree.end[parent] as number)) tree.end[parent] = tree.end[i] as number;
  }
  const text = (index: number): string => packed.texts[index] as string;
  return {
    tree,
    frames: {
      name: packed.frames.name.map(text),
      file: packed.frames.file.map(text),
      line: packed.frames.line,
      owner: packed.frames.owner,
    },
    owners: packed.owners.map(({ name, kind }) => ({ name: text(name), kind })),
    subjects: packed.subjects,
    blocks: packed.blocks,
    searchTexts: null,
  };
}

/** The tree as the settings ask for it, laid out. */
export function makeView(model: Model, settings: Settings): View {
  const frameCount = model.frames.name.length;
  const kinds = model.frames.owner.map((owner) => model.owners[owner]?.kind);
  const hidden = Uint8Array.from(kinds, (kind) =>
    (settings.hideModules && kind === 'package') ||
    (settings.hideInternals && (kind === 'node' || kind === 'native'))
      ? 1
      : 0,
  );
  const within = settings.subject < 0 ? 0 : (model.subjects[settings.subject]?.node ?? 0);
  const whole = within === 0 && !settings.hideModules && !settings.hideInternals;
  const plain = whole ? model.tree : orderTree(collapseTree(model.tree, hidden, frameCount, within));
  if (!settings.inverted) return layOut(plain, plain);
  // A quarter of a pixel on a wide screen; a caller below that is seen by zooming the plain graph.
  return layOut(orderTree(invertTree(plain, frameCount, (plain.totalUs[0] as number) / 8000)), plain);
}

/** Adds to the columns where each node lies: its depth, and where its time begins. */
export function layOut(tree: TreeColumns, plain: TreeColumns): View {
  const count = tree.frame.length;
  const depth = new Int32Array(count);
  const startUs = new Float64Array(count);
  const nextUs = new Float64Array(count);
  let deepest = 0;
  for (let i = 1; i < count; i++) {
    const parent = tree.parent[i] as number;
    depth[i] = (depth[parent] as number) + 1;
    if ((depth[i] as number) > deepest) deepest = depth[i] as number;
    startUs[i] = nextUs[parent] as number;
    nextUs[i] = startUs[i] as number;
    nextUs[parent] = (nextUs[parent] as number) + (tree.totalUs[i] as number);
  }
  const { frame, parent, end, selfUs, totalUs } = tree;
  return { frame, parent, end, selfUs, totalUs, plain, depth, startUs, deepest };
}

/** The node drawn at a time and depth; -1 where there is none. */
export function nodeAt(view: View, us: number, depth: number): number {
  let node = 0;
  if (us < 0 || us >= (view.totalUs[0] as number)) return -1;
  while ((view.depth[node] as number) < depth) {
    const end = view.end[node] as number;
    let child = node + 1;
    while (child < end && us >= (view.startUs[child] as number) + (view.totalUs[child] as number))
      child = view.end[child] as number;
    if (child >= end) return -1;
    node = child;
  }
  return node;
}

/** Where a key leads from a node: to its caller, its costliest callee, or the sibling beside it; the node itself where there is none. */
export function neighbour(view: View, node: number, direction: 'up' | 'down' | 'left' | 'right'): number {
  const parent = view.parent[node] as number;
  if (direction === 'up') return parent < 0 ? node : parent;
  // Siblings stand costliest first.
  if (direction === 'down') return (view.end[node] as number) > node + 1 ? node + 1 : node;
  if (parent < 0) return node;
  const next = view.end[node] as number;
  if (direction === 'right') return next < (view.end[parent] as number) ? next : node;
  let before = node;
  for (let sibling = parent + 1; sibling < node; sibling = view.end[sibling] as number) before = sibling;
  return before;
}

/** The frames that a search finds: text anywhere in name, file or package, or a `/regular expression/`. Null for an empty search; a message for a broken one. */
export function findFrames(model: Model, query: string): Uint8Array | string | null {
  const words = query.trim();
  if (words === '' || words === '/') return null;
  let pattern: RegExp | null = null;
  if (words.length > 2 && words.startsWith('/') && words.endsWith('/')) {
    try {
      pattern = new RegExp(words.slice(1, -1), 'iu');
    } catch (error) {
      return error instanceof Error ? error.message : 'not a regular expression';
    }
  }
  const lower = words.toLowerCase();
  return Uint8Array.from(searchTexts(model), (text) =>
    (pattern === null ? text.includes(lower) : pattern.test(text)) ? 1 : 0,
  );
}

/** What a search looks through: name, place and package of each frame, in lower case. */
export function searchTexts(model: Model): readonly string[] {
  const { name, file, line, owner } = model.frames;
  model.searchTexts ??= name.map((own, i) =>
    `${own} ${file[i]}:${line[i]} ${model.owners[owner[i] as number]?.name}`.toLowerCase(),
  );
  return model.searchTexts;
}

/** How much of a node's time is spent in matching frames and what they call, how many functions match, and the costliest match. */
export function sumMatches(
  view: View,
  matches: Uint8Array,
  within: number,
): { us: number; functions: number; hottest: number } {
  const seen = new Uint8Array(matches.length);
  let functions = 0;
  let us = 0;
  let hottest = -1;
  let covered = 0;
  const end = view.end[within] as number;
  for (let i = within; i < end; i++) {
    const frame = view.frame[i] as number;
    if (matches[frame] !== 1) continue;
    functions += 1 - (seen[frame] as number);
    seen[frame] = 1;
    if (hottest < 0 || (view.totalUs[i] as number) > (view.totalUs[hottest] as number)) hottest = i;
    if (i < covered) continue;
    us += view.totalUs[i] as number;
    covered = view.end[i] as number;
  }
  return { us, functions, hottest };
}

/** The functions with most time of their own, for the table. */
export function topFunctions(
  model: Model,
  tree: TreeColumns,
  limit: number,
): { frame: number; selfUs: number; totalUs: number }[] {
  const { selfUs, totalUs } = sumByFunction(tree, model.frames.name.length, 0);
  const frames: number[] = [];
  selfUs.forEach((us, frame) => {
    if (us > 0) frames.push(frame);
  });
  frames.sort((a, b) => (selfUs[b] as number) - (selfUs[a] as number));
  return frames
    .slice(0, limit)
    .map((frame) => ({ frame, selfUs: selfUs[frame] as number, totalUs: totalUs[frame] as number }));
}
