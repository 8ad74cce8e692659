import { EdgeColumns, NodeColumns } from './columns.ts';
import type { WideColumn } from './columns.ts';
import { parseLayout } from './layout.ts';
import type { SnapshotLayout } from './layout.ts';
import { LocationTable } from './locations.ts';
import { NumberTable } from './number-table.ts';
import { rehearse } from './rehearsal.ts';
import { SnapshotError } from './snapshot-error.ts';
import { StringTable } from './string-table.ts';
import { ValueText } from './value-text.ts';

/** A heap snapshot in columns: a node is its place in them, and so is an edge. */
export interface HeapSnapshot {
  readonly bytes: number;
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly nodeTypes: readonly string[];
  readonly edgeTypes: readonly string[];
  readonly type: Uint8Array;
  readonly name: Uint32Array;
  readonly id: WideColumn;
  readonly selfSize: WideColumn;
  /** The edges of node n are those from `firstEdge[n]` up to `firstEdge[n + 1]`. */
  readonly firstEdge: Uint32Array;
  readonly edgeType: Uint8Array;
  readonly edgeName: Uint32Array;
  readonly edgeTo: Uint32Array;
  readonly strings: StringTable;
  readonly locations: LocationTable;
}

/** A member of the document that is being read. */
interface Section {
  read(bytes: Uint8Array, at: number, offset: number): number;
  finish?(offset: number): void;
}

const OPEN_BRACE = 123;
const CLOSE_BRACE = 125;
const QUOTE = 34;
const COLON = 58;
const COMMA = 44;
const OPEN = 91;

/** The description of a snapshot is a few hundred bytes; a document with more there is something else. */
const LONGEST_HEADER = 1 << 20;

let rehearsed = false;

type Expecting = 'document' | 'member' | 'key' | 'colon' | 'value' | 'section' | 'end';

/**
 * Reads a heap snapshot from chunks of bytes as they come, whatever their size: `write` each, then `end`. Memory is
 * that of the columns, made to measure from the counts in the snapshot's own description.
 */
export class SnapshotReader {
  #expecting: Expecting = 'document';
  #offset = 0;
  #key = '';
  /** The last member that was read to its end. */
  #read = '';
  #header: ValueText | null = null;
  #section: Section | null = null;
  #layout: SnapshotLayout | null = null;
  #nodes: NodeColumns | null = null;
  #edges: EdgeColumns | null = null;
  #locations: LocationTable | null = null;
  #strings: StringTable | null = null;

  constructor() {
    if (rehearsed) return;
    rehearsed = true;
    rehearse((chunks) => {
      const reader = new SnapshotReader();
      for (const chunk of chunks) reader.write(chunk);
      reader.end();
    });
  }

  /** Takes the next bytes; they are not kept. Throws SnapshotError when they cannot be a snapshot's. */
  write(bytes: Uint8Array): void {
    let at = 0;
    while (at < bytes.length) {
      if (this.#expecting === 'section') {
        const section = this.#section as Section;
        const next = section.read(bytes, at, this.#offset);
        if (next < 0) break;
        this.#close(this.#offset + next);
        at = next;
      } else {
        this.#structure(bytes[at] as number, this.#offset + at);
        at++;
      }
    }
    this.#offset += bytes.length;
  }

  /** The snapshot, once all bytes were written. Throws SnapshotError when they were not all there. */
  end(): HeapSnapshot {
    const [nodes, edges, strings, layout] = [this.#nodes, this.#edges, this.#strings, this.#layout];
    if (this.#offset === 0) throw new SnapshotError('it is empty', 0);
    if (this.#expecting !== 'end')
      throw new SnapshotError(
        `it ends in the middle, ${this.#where()} (byte ${this.#offset}): the process died or the disk was full while it was written`,
        this.#offset,
      );
    if (layout === null || nodes === null || edges === null || strings === null) {
      const missing =
        layout === null ? 'snapshot' : nodes === null ? 'nodes' : edges === null ? 'edges' : 'strings';
      throw new SnapshotError(`it has no member "${missing}" (byte ${this.#offset})`, this.#offset);
    }
    return {
      bytes: this.#offset,
      nodeCount: layout.nodeCount,
      edgeCount: layout.edgeCount,
      nodeTypes: layout.nodeTypes,
      edgeTypes: layout.edgeTypes,
      type: nodes.type,
      name: nodes.name,
      id: nodes.id,
      selfSize: nodes.selfSize,
      firstEdge: nodes.firstEdge,
      edgeType: edges.type,
      edgeName: edges.name,
      edgeTo: edges.to,
      strings,
      locations: this.#locations ?? new LocationTable(layout),
    };
  }

  #where(): string {
    if (this.#expecting === 'section') return `within "${this.#key}"`;
    return this.#read === '' ? 'at its beginning' : `after "${this.#read}"`;
  }

  /** One byte of what is around the members of the document. */
  #structure(byte: number, offset: number): void {
    if (byte === 32 || byte === 9 || byte === 10 || byte === 13) {
      if (this.#expecting !== 'key') return;
    }
    switch (this.#expecting) {
      case 'document':
        return byte === OPEN_BRACE ? this.#expect('member') : this.#refuse(byte, offset);
      case 'member':
        if (byte === CLOSE_BRACE) return this.#expect('end');
        if (byte === COMMA && this.#read !== '') return;
        if (byte !== QUOTE) return this.#refuse(byte, offset);
        this.#key = '';
        return this.#expect('key');
      case 'key':
        if (byte === QUOTE) return this.#expect('colon');
        this.#key += String.fromCharCode(byte);
        return this.#key.length > 64 ? this.#refuse(byte, offset) : undefined;
      case 'colon':
        return byte === COLON ? this.#expect('value') : this.#refuse(byte, offset);
      case 'value':
        return this.#value(byte, offset);
      case 'section':
      case 'end':
        return this.#refuse(byte, offset);
    }
  }

  #expect(next: Expecting): void {
    this.#expecting = next;
  }

  /** The first byte of a member's value says which section reads the rest. */
  #value(byte: number, offset: number): void {
    this.#expecting = 'section';
    if (this.#key === 'snapshot') {
      this.#header = new ValueText(byte, offset, LONGEST_HEADER);
      this.#section = this.#header;
    } else if (this.#key === 'nodes' || this.#key === 'edges' || this.#key === 'locations')
      this.#section = this.#table(byte, offset);
    else if (this.#key === 'strings' && byte === OPEN) this.#section = this.#strings = new StringTable();
    else this.#section = new ValueText(byte, offset, 0);
  }

  #table(byte: number, offset: number): Section {
    const layout = this.#layout;
    if (layout === null)
      throw new SnapshotError(
        `"${this.#key}" (byte ${offset}) comes before the description of the snapshot`,
        offset,
      );
    if (byte !== OPEN) this.#refuse(byte, offset);
    if (this.#key === 'nodes')
      return counted('nodes', layout.nodeWidth, (this.#nodes = new NodeColumns(layout)));
    if (this.#key === 'edges')
      return counted('edges', layout.edgeWidth, (this.#edges = new EdgeColumns(layout)));
    return new NumberTable('locations', layout.locationWidth, (this.#locations = new LocationTable(layout)));
  }

  #close(offset: number): void {
    this.#section?.finish?.(offset);
    if (this.#key === 'snapshot' && this.#header !== null)
      this.#layout = parseLayout(this.#header.text(), this.#header.offset);
    this.#read = this.#key;
    this.#section = null;
    this.#header = null;
    this.#expecting = 'member';
  }

  #refuse(byte: number, offset: number): never {
    const seen = byte > 32 && byte < 127 ? `"${String.fromCharCode(byte)}"` : `byte value ${byte}`;
    const what =
      this.#read === '' && this.#key === '' ? 'a snapshot begins {"snapshot":{' : 'its next member should be';
    throw new SnapshotError(`it is no V8 heap snapshot: ${seen} at byte ${offset}, where ${what}`, offset);
  }
}

function counted(what: string, width: number, columns: NodeColumns | EdgeColumns): Section {
  const table = new NumberTable(what, width, columns);
  return {
    read: (bytes, at, offset) => table.read(bytes, at, offset),
    finish: (offset) => columns.finish(offset),
  };
}

/** Reads a whole snapshot from chunks. */
export async function readHeapSnapshot(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<HeapSnapshot> {
  const reader = new SnapshotReader();
  for await (const chunk of chunks) reader.write(chunk);
  return reader.end();
}
