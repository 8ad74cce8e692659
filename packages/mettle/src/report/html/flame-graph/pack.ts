import type { CallTree } from '../../../derive/call-tree.ts';
import { OUTSIDE_CALLS, type FrameKind } from '../../../derive/profile-frames.ts';
import { printable } from '../../printable.ts';

/** A stop of the event loop, for the strip above the graph. */
export interface Block {
  readonly subject: string | null;
  readonly startedAtMs: number;
  readonly wallMs: number;
}

/** The graph's data as the page carries it: columns, each text once. */
export interface PackedProfile {
  /** Every text once; the columns of frames refer to it. */
  readonly texts: readonly string[];
  readonly frames: {
    readonly name: readonly number[];
    readonly file: readonly number[];
    readonly line: readonly number[];
    readonly owner: readonly number[];
  };
  /** Whose code: costliest first. `name` refers to `texts`. */
  readonly owners: readonly { readonly name: number; readonly kind: FrameKind }[];
  readonly nodeCount: number;
  /** Nodes in pre-order, base64 of variable-length integers: frame, levels up from the node before, own time in µs. */
  readonly nodes: string;
  readonly subjects: readonly { readonly name: string; readonly node: number }[];
  /** Subject (index into `subjects`; -1 when it was not sampled), start and length in tenths of a millisecond. */
  readonly blocks: readonly (readonly [subject: number, start: number, length: number])[];
}

/** So many blocks are drawn, the longest: a screen has no room for more. */
const MOST_BLOCKS = 2000;

/** Packs a call tree for the page. 100,000 nodes come to about 1 MB. */
export function packProfile(tree: CallTree, blocks: readonly Block[] = []): PackedProfile {
  const texts = new TextTable();
  const owners = rankOwners(tree);
  const ownerIndex = new Map(owners.map((owner, i) => [owner.name, i]));
  return {
    frames: {
      name: tree.frames.map((frame) => texts.index(frame.name)),
      file: tree.frames.map((frame) => texts.index(frame.file)),
      line: tree.frames.map((frame) => frame.line),
      owner: tree.frames.map((frame) => ownerIndex.get(frame.owner) ?? 0),
    },
    owners: owners.map(({ name, kind }) => ({ name: texts.index(name), kind })),
    texts: texts.all,
    nodeCount: tree.frame.length,
    nodes: packNodes(tree),
    subjects: tree.subjects.map(({ name, node }) => ({
      name: name === '' ? OUTSIDE_CALLS : printable(name),
      node,
    })),
    blocks: packBlocks(tree, blocks),
  };
}

class TextTable {
  readonly all: string[] = [];
  readonly #known = new Map<string, number>();

  index(raw: string): number {
    let at = this.#known.get(raw);
    if (at === undefined) {
      at = this.all.length;
      this.#known.set(raw, at);
      this.all.push(printable(raw));
    }
    return at;
  }
}

function rankOwners(tree: CallTree): { readonly name: string; readonly kind: FrameKind }[] {
  const owners = new Map<string, { name: string; kind: FrameKind; us: number }>();
  for (const { owner, kind } of tree.frames)
    owners.set(owner, owners.get(owner) ?? { name: owner, kind, us: 0 });
  tree.frame.forEach((frame, i) => {
    const owner = owners.get(tree.frames[frame]?.owner ?? '');
    if (owner !== undefined) owner.us += tree.selfUs[i] as number;
  });
  return [...owners.values()].sort((a, b) => b.us - a.us);
}

function packNodes(tree: CallTree): string {
  const bytes: number[] = [];
  const depth = new Int32Array(tree.frame.length);
  for (let i = 0; i < tree.frame.length; i++) {
    const level = i === 0 ? 0 : (depth[tree.parent[i] as number] as number) + 1;
    depth[i] = level;
    pushInteger(bytes, tree.frame[i] as number);
    pushInteger(bytes, i === 0 ? 0 : (depth[i - 1] as number) + 1 - level);
    pushInteger(bytes, Math.round(tree.selfUs[i] as number));
  }
  return base64(bytes);
}

/** Seven bits to a byte, the lowest first; the eighth says that more follow. Division, since times may pass 32 bits. */
function pushInteger(bytes: number[], value: number): void {
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

/** In pieces: a call takes only so many arguments. */
const PIECE = 8190;

function base64(bytes: readonly number[]): string {
  let text = '';
  for (let i = 0; i < bytes.length; i += PIECE)
    text += btoa(String.fromCharCode(...bytes.slice(i, i + PIECE)));
  return text;
}

function packBlocks(tree: CallTree, blocks: readonly Block[]): PackedProfile['blocks'] {
  const subjects = new Map(tree.subjects.map((subject, i) => [subject.name, i]));
  const longest = blocks.toSorted((a, b) => b.wallMs - a.wallMs).slice(0, MOST_BLOCKS);
  const first = longest.reduce((least, block) => Math.min(least, block.startedAtMs), Infinity);
  return longest
    .map((block): [number, number, number] => [
      subjects.get(block.subject ?? '') ?? -1,
      Math.round((block.startedAtMs - first) * 10),
      Math.round(block.wallMs * 10),
    ])
    .toSorted((a, b) => a[1] - b[1]);
}
