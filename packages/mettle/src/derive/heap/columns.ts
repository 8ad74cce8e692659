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
    const { type, name, firstEdge } = this;
    const end = Math.min(nodeCount, this.#row + count);
    let edges = this.#edges;
    let at = 0;
    for (let row = this.#row; row < end; row++, at += nodeWidth) {
      const id = values[at + node.id] as number;
      const size = values[at + node.selfSize] as number;
      if (id > UINT32 || size > UINT32) this.#widen(id, size);
      type[row] = values[at + node.type] as number;
      name[row] = values[at + node.name] as number;
      this.id[row] = id;
      this.selfSize[row] = size;
      firstEdge[row] = edges;
      edges += values[at + node.edgeCount] as number;
    }
    this.#edges = edges;
    this.#row += count;
  }

  #widen(id: number, size: number): void {
    if (id > UINT32 && this.id instanceof Uint32Array) this.id = Float64Array.from(this.id);
    if (size > UINT32 && this.selfSize instanceof Uint32Array)
      this.selfSize = Float64Array.from(this.selfSize);
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
    const { type, name, to } = this;
    const end = Math.min(edgeCount, this.#row + count);
    let strays = 0;
    let at = 0;
    for (let row = this.#row; row < end; row++, at += edgeWidth) {
      const place = values[at + edge.to] as number;
      const node = (place / nodeWidth) >>> 0;
      if (node * nodeWidth !== place || node >= nodeCount) strays++;
      type[row] = values[at + edge.type] as number;
      name[row] = values[at + edge.name] as number;
      to[row] = node;
    }
    this.#strays += strays;
    this.#row += count;
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
