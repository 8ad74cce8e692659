import type { SnapshotLayout } from './layout.ts';
import type { RowSink } from './number-table.ts';

/** A place in a script; `line` and `column` counted from 1. */
export interface SnapshotLocation {
  readonly scriptId: number;
  readonly line: number;
  readonly column: number;
}

const PAGE_ROWS = 1024;
/** Node, script, line, column. */
const WIDTH = 4;

/** Where in which script functions and classes were written, for the nodes that have such a place. */
export class LocationTable implements RowSink {
  readonly #layout: SnapshotLayout;
  readonly #pages: Int32Array[] = [];
  #count = 0;
  /** Rows in the order of their nodes; made when first asked. */
  #byNode: Uint32Array | null = null;

  constructor(layout: SnapshotLayout) {
    this.#layout = layout;
  }

  get count(): number {
    return this.#count;
  }

  rows(values: Float64Array, count: number): void {
    const { location, locationWidth, nodeWidth } = this.#layout;
    if (location.node < 0 || location.line < 0) return;
    const read = (row: number, field: number): number =>
      field < 0 ? 0 : (values[row * locationWidth + field] as number);
    for (let row = 0; row < count; row++) {
      const place = (this.#count % PAGE_ROWS) * WIDTH;
      if (place === 0) this.#pages.push(new Int32Array(PAGE_ROWS * WIDTH));
      const page = this.#pages.at(-1) as Int32Array;
      page[place] = read(row, location.node) / nodeWidth;
      page[place + 1] = read(row, location.script);
      page[place + 2] = read(row, location.line);
      page[place + 3] = read(row, location.column);
      this.#count++;
    }
  }

  /** The place of a node; undefined when it has none. */
  get(node: number): SnapshotLocation | undefined {
    const order = this.#ordered();
    let low = 0;
    let high = order.length - 1;
    while (low <= high) {
      const middle = (low + high) >>> 1;
      const row = order[middle] as number;
      const found = this.#field(row, 0);
      if (found === node)
        return {
          scriptId: this.#field(row, 1),
          line: this.#field(row, 2) + 1,
          column: this.#field(row, 3) + 1,
        };
      if (found < node) low = middle + 1;
      else high = middle - 1;
    }
    return undefined;
  }

  /** Each node that has a place, with the number of its script. */
  *scripts(): Generator<readonly [node: number, scriptId: number]> {
    for (let row = 0; row < this.#count; row++) yield [this.#field(row, 0), this.#field(row, 1)];
  }

  #field(row: number, field: number): number {
    const page = this.#pages[Math.floor(row / PAGE_ROWS)] as Int32Array;
    return page[(row % PAGE_ROWS) * WIDTH + field] as number;
  }

  #ordered(): Uint32Array {
    if (this.#byNode === null) {
      const order = new Uint32Array(this.#count);
      for (let row = 0; row < this.#count; row++) order[row] = row;
      this.#byNode = order.sort((a, b) => this.#field(a, 0) - this.#field(b, 0));
    }
    return this.#byNode;
  }
}
