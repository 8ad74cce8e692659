import type { SnapshotLayout } from './layout.ts';
import type { RowSink } from './number-table.ts';
import { SnapshotError } from './snapshot-error.ts';

const UINT32 = 2 ** 32 - 1;

/** 32 bits a number while they suffice, 64 (exact to 2^53) from the first that needs more. */
export type WideColumn = Uint32Array | Float64Array;

/** The nodes of a snapshot, a column for each field that Mettle reads, as long as `node_count` says. */
export class NodeColumns implements RowSink {
  readonly type: Uint8Array;
  readonly name: Uint32Array;
  /** V8 gives ids of 32 bits so far; the format does not say that it will. */
  id: WideColumn;
  /** The bytes of one ArrayBuffer can be more than 32 bits say. */
  selfSize: WideColumn;
  /** Where the edges of each node begin; one longer than there are nodes. */
  readonly firstEdge: Uint32Array;
  readonly #layout: SnapshotLayout;
  #row = 0;
  #edges = 0;

  constructor(layout: SnapshotLayout) {
    const { nodeCount } = layout;
    this.#layout = layout;
    this.type = new Uint8Array(nodeCount);
    this.name = new Uint32Array(nodeCount);
    this.id = new Uint32Array(nodeCount);
    this.selfSize = new Uint32Array(nodeCount);
    this.firstEdge = new Uint32Array(nodeCount + 1);
  }

  rows(values: Float64Array, count: number): void {
    const { node, nodeCount, nodeWidth } = this.#layout;
    const first = this.#row;
    const rows = Math.max(0, Math.min(count, nodeCount - first));
    this.#row += count;
    // Column by column: loops over one kind of array each are what V8 makes fast.
    const { type, name, firstEdge } = this;
    for (let row = 0, at = node.type; row < rows; row++, at += nodeWidth)
      type[first + row] = values[at] as number;
    for (let row = 0, at = node.name; row < rows; row++, at += nodeWidth)
      name[first + row] = values[at] as number;
    let edges = this.#edges;
    for (let row = 0, at = node.edgeCount; row < rows; row++, at += nodeWidth) {
      firstEdge[first + row] = edges;
      edges += values[at] as number;
    }
    this.#edges = edges;
    this.id = fill(this.id, values, { first, rows, from: node.id, step: nodeWidth });
    this.selfSize = fill(this.selfSize, values, { first, rows, from: node.selfSize, step: nodeWidth });
  }

  /** Whether there are as many nodes as were announced, and as many edges as they say they have. */
  finish(offset: number): void {
    const { nodeCount, edgeCount } = this.#layout;
    this.firstEdge[nodeCount] = this.#edges;
    if (this.#row !== nodeCount)
      throw new SnapshotError(
        `it announces ${nodeCount} nodes and holds ${this.#row} (byte ${offset})`,
        offset,
      );
    if (this.#edges !== edgeCount)
      throw new SnapshotError(
        `it announces ${edgeCount} edges, and its nodes have ${this.#edges} (byte ${offset})`,
        offset,
      );
  }
}

/** Which numbers of a batch go where. */
interface Stretch {
  readonly first: number;
  readonly rows: number;
  readonly from: number;
  readonly step: number;
}

/** Fills a part of a column; the column, made wider from the first number that needs it. */
function fill(column: WideColumn, values: Float64Array, stretch: Stretch): WideColumn {
  const { first, rows, from, step } = stretch;
  if (column instanceof Float64Array) {
    for (let row = 0, at = from; row < rows; row++, at += step) column[first + row] = values[at] as number;
    return column;
  }
  let largest = 0;
  for (let row = 0, at = from; row < rows; row++, at += step) {
    const value = values[at] as number;
    if (value > largest) largest = value;
    column[first + row] = value;
  }
  return largest > UINT32 ? fill(Float64Array.from(column), values, stretch) : column;
}

/** The edges of a snapshot, in the order of the nodes they leave. */
export class EdgeColumns implements RowSink {
  readonly type: Uint8Array;
  /** A string, or for elements and hidden edges an index. */
  readonly name: Uint32Array;
  /** The node it leads to, by its place among the nodes. */
  readonly to: Uint32Array;
  readonly #layout: SnapshotLayout;
  #row = 0;
  #strays = 0;

  constructor(layout: SnapshotLayout) {
    const { edgeCount } = layout;
    this.#layout = layout;
    this.type = new Uint8Array(edgeCount);
    this.name = new Uint32Array(edgeCount);
    this.to = new Uint32Array(edgeCount);
  }

  rows(values: Float64Array, count: number): void {
    const { edge, edgeCount, edgeWidth, nodeWidth, nodeCount } = this.#layout;
    const first = this.#row;
    const rows = Math.max(0, Math.min(count, edgeCount - first));
    this.#row += count;
    const { type, name, to } = this;
    for (let row = 0, at = edge.type; row < rows; row++, at += edgeWidth)
      type[first + row] = values[at] as number;
    for (let row = 0, at = edge.name; row < rows; row++, at += edgeWidth)
      name[first + row] = values[at] as number;
    let strays = 0;
    for (let row = 0, at = edge.to; row < rows; row++, at += edgeWidth) {
      const place = values[at] as number;
      const node = (place / nodeWidth) >>> 0;
      if (node * nodeWidth !== place || node >= nodeCount) strays++;
      to[first + row] = node;
    }
    this.#strays += strays;
  }

  finish(offset: number): void {
    const { edgeCount } = this.#layout;
    if (this.#row !== edgeCount)
      throw new SnapshotError(
        `it announces ${edgeCount} edges and holds ${this.#row} (byte ${offset})`,
        offset,
      );
    if (this.#strays > 0)
      throw new SnapshotError(`${this.#strays} of its edges lead to no node (before byte ${offset})`, offset);
  }
}
