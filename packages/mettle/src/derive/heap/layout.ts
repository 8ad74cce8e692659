import { SnapshotError } from './snapshot-error.ts';

/**
 * Where a snapshot keeps what. Read out of its own `meta`: the fields differ between versions of V8 (Node 24 has no
 * `trace_node_id`, other writers may have no `detachedness`), so nothing of it is assumed.
 */
export interface SnapshotLayout {
  readonly nodeCount: number;
  readonly edgeCount: number;
  readonly nodeWidth: number;
  readonly node: {
    readonly type: number;
    readonly name: number;
    readonly id: number;
    readonly selfSize: number;
    readonly edgeCount: number;
  };
  readonly edgeWidth: number;
  readonly edge: { readonly type: number; readonly name: number; readonly to: number };
  /** -1 where the snapshot does not say it. */
  readonly locationWidth: number;
  readonly location: {
    readonly node: number;
    readonly script: number;
    readonly line: number;
    readonly column: number;
  };
  readonly nodeTypes: readonly string[];
  readonly edgeTypes: readonly string[];
}

/** The layout in the text of the member `snapshot`. `at`: where that began in the file. */
export function parseLayout(text: string, at: number): SnapshotLayout {
  const snapshot = objectOf(parsed(text, at));
  const meta = objectOf(snapshot['meta']);
  const nodeFields = namesOf(meta['node_fields'], 'node_fields', at);
  const edgeFields = namesOf(meta['edge_fields'], 'edge_fields', at);
  const locationFields = Array.isArray(meta['location_fields']) ? meta['location_fields'].map(String) : [];
  const node = (name: string): number => placeOf(nodeFields, name, 'node_fields', at);
  const edge = (name: string): number => placeOf(edgeFields, name, 'edge_fields', at);
  return {
    nodeCount: countOf(snapshot['node_count'], 'node_count', at),
    edgeCount: countOf(snapshot['edge_count'], 'edge_count', at),
    nodeWidth: nodeFields.length,
    node: {
      type: node('type'),
      name: node('name'),
      id: node('id'),
      selfSize: node('self_size'),
      edgeCount: node('edge_count'),
    },
    edgeWidth: edgeFields.length,
    edge: { type: edge('type'), name: edge('name_or_index'), to: edge('to_node') },
    locationWidth: locationFields.length,
    location: {
      node: locationFields.indexOf('object_index'),
      script: locationFields.indexOf('script_id'),
      line: locationFields.indexOf('line'),
      column: locationFields.indexOf('column'),
    },
    nodeTypes: typesOf(meta['node_types'], node('type'), 'node_types', at),
    edgeTypes: typesOf(meta['edge_types'], edge('type'), 'edge_types', at),
  };
}

function parsed(text: string, at: number): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SnapshotError(`the description at its beginning (byte ${at}) is not valid JSON`, at);
  }
}

function objectOf(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}

function namesOf(value: unknown, what: string, at: number): readonly string[] {
  if (!Array.isArray(value) || value.length === 0)
    throw new SnapshotError(`its description (byte ${at}) names no ${what}`, at);
  return value.map(String);
}

function placeOf(fields: readonly string[], name: string, what: string, at: number): number {
  const place = fields.indexOf(name);
  if (place < 0) throw new SnapshotError(`its ${what} (byte ${at}) have no "${name}"`, at);
  return place;
}

function typesOf(value: unknown, place: number, what: string, at: number): readonly string[] {
  const types: unknown = Array.isArray(value) ? value[place] : null;
  if (!Array.isArray(types))
    throw new SnapshotError(`its description (byte ${at}) does not list the ${what}`, at);
  return types.map(String);
}

/** More than any machine could hold: columns are made to this measure before a byte of them is read. */
const MOST = 2 ** 31;

function countOf(value: unknown, what: string, at: number): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < 0 || value > MOST)
    throw new SnapshotError(`its description (byte ${at}) gives no usable ${what}`, at);
  return value;
}
