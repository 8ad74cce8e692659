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

  row(values: Float64Array): void {
    const { node, nodeCount } = this.#layout;
    const row = this.#row++;
    if (row >= nodeCount) return;
    const id = values[node.id] as number;
    const size = values[node.selfSize] as number;
    if (id > UINT32 && this.id instanceof Uint32Array) this.id = Float64Array.from(this.id);
    if (size > UINT32 && this.selfSize instanceof Uint32Array)
      this.selfSize = Float64Array.from(this.selfSize);
    this.type[row] = values[node.type] as number;
    this.name[row] = values[node.name] as number;
    this.id[row] = id;
    this.selfSize[row] = size;
    this.firstEdge[row] = this.#edges;
    this.#edges += values[node.edgeCount] as number;
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

  row(values: Float64Array): void {
    const { edge, edgeCount, nodeWidth, nodeCount } = this.#layout;
    const row = this.#row++;
    if (row >= edgeCount) return;
    const place = values[edge.to] as number;
    const to = Math.floor(place / nodeWidth);
    if (to * nodeWidth !== place || to >= nodeCount) this.#strays++;
    this.type[row] = values[edge.type] as number;
    this.name[row] = values[edge.name] as number;
    this.to[row] = to;
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

/** Where in which script functions were written, for the nodes that have such a place. */
export class LocationRows implements RowSink {
  readonly places: Map<number, SnapshotLocation> = new Map();
  readonly #layout: SnapshotLayout;

  constructor(layout: SnapshotLayout) {
    this.#layout = layout;
  }

  row(values: Float64Array): void {
    const { location, nodeWidth } = this.#layout;
    if (location.node < 0 || location.line < 0) return;
    const read = (field: number): number => (field < 0 ? 0 : (values[field] as number));
    this.places.set(read(location.node) / nodeWidth, {
      scriptId: read(location.script),
      line: read(location.line) + 1,
      column: read(location.column) + 1,
    });
  }
}

/** A place in a script; `line` and `column` counted from 1. */
export interface SnapshotLocation {
  readonly scriptId: number;
  readonly line: number;
  readonly column: number;
}
