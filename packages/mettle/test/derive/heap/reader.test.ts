import { describe, expect, test } from 'vitest';
import {
  dominatorsOf,
  HeapGraph,
  HeapPlaces,
  readHeapSnapshot,
  retainingPath,
  retentionOf,
  SnapshotError,
  SnapshotReader,
} from '../../../src/derive/heap/index.ts';
import type { HeapSnapshot } from '../../../src/derive/heap/index.ts';
import { seededRandom } from '../../../src/stats/index.ts';
import { DIALECTS, SyntheticHeap } from '../../builders/heap-snapshot.ts';
import type { Dialect } from '../../builders/heap-snapshot.ts';

const decoder = new TextDecoder();
const encoder = new TextEncoder();

function smallHeap(): SyntheticHeap {
  const heap = new SyntheticHeap();
  const sessions = heap.map(heap.object('Session', { name: heap.string('a "quoted" \n ü 😀 name') }));
  heap.module('/srv/dist/sessions.js', { sessions });
  return heap;
}

/** All that was read, as plain values. */
function plain(snapshot: HeapSnapshot): unknown {
  const { strings, locations, ...columns } = snapshot;
  return {
    places: [...locations.scripts()].map(([node]) => locations.get(node)),
    ...Object.fromEntries(
      Object.entries(columns).map(([key, value]) => [
        key,
        ArrayBuffer.isView(value) ? [...(value as Uint8Array)] : value,
      ]),
    ),
    strings: Array.from({ length: strings.count }, (_, i) => strings.text(i)),
  };
}

function readText(text: string): HeapSnapshot {
  const reader = new SnapshotReader();
  reader.write(encoder.encode(text));
  return reader.end();
}

function errorOf(read: () => unknown): SnapshotError {
  try {
    read();
  } catch (error) {
    if (error instanceof SnapshotError) return error;
    throw error;
  }
  throw new Error('it was read without an error');
}

describe('reading a snapshot', () => {
  test('every field is where the snapshot’s own description says it is', () => {
    const heap = smallHeap();
    const read = (dialect: Dialect): unknown => ({ ...(plain(heap.read(dialect)) as object), bytes: 0 });
    const expected = read('node20');
    for (const dialect of Object.keys(DIALECTS) as Dialect[])
      expect(read(dialect), dialect).toEqual(expected);
    const snapshot = heap.read();
    const session = heap.place(heapThing(heap, 'Session'));
    expect(snapshot.nodeTypes[snapshot.type[session] as number]).toBe('object');
    expect(snapshot.strings.text(snapshot.name[session] as number)).toBe('Session');
  });

  test('chunks may be cut anywhere', () => {
    const bytes = smallHeap().bytes('node20');
    const whole = JSON.stringify(plain(readText(decoder.decode(bytes))));
    const different: number[] = [];
    for (let cut = 0; cut <= bytes.length; cut++) {
      const reader = new SnapshotReader();
      reader.write(bytes.subarray(0, cut));
      reader.write(bytes.subarray(cut));
      if (JSON.stringify(plain(reader.end())) !== whole) different.push(cut);
    }
    expect(different).toEqual([]);
  });

  test('a byte at a time is the same', async () => {
    const bytes = smallHeap().bytes();
    const bytewise = Array.from(bytes, (byte) => Uint8Array.of(byte));
    expect(plain(await readHeapSnapshot(bytewise))).toEqual(plain(smallHeap().read()));
  });

  test('strings are as they were, whatever is in them and however long', () => {
    const heap = new SyntheticHeap();
    const texts = ['', '\\', '"', '],[', '\u0000\u001f', '😀'.repeat(70_000), 'x'.repeat(300_000), 'end'];
    for (const text of texts) heap.global.holds('property', 'p', heap.string(text));
    const { strings } = heap.read();
    const read = Array.from({ length: strings.count }, (_, i) => strings.text(i));
    for (const text of texts) expect(read).toContain(text);
    expect([...(strings.find(['],[', 'x']).get('],[') ?? [])].map((index) => strings.text(index))).toEqual([
      '],[',
    ]);
  });

  test('half a surrogate pair, which V8 writes as it is, does not stop the reading', () => {
    const text = decoder.decode(smallHeap().bytes()).replace('"Session"', String.raw`"Ses\ud83dsion"`);
    expect(readText(text).strings.find(['main']).get('main')?.size).toBe(1);
  });

  test('ids and sizes above 32 bits are exact', () => {
    const text = decoder
      .decode(smallHeap().bytes('bare'))
      .replace(/"nodes":\[\d+,\d+,\d+,\d+/, '"nodes":[9,0,9007199254740991,8589934593');
    const snapshot = readText(text);
    expect(snapshot.id[0]).toBe(9007199254740991);
    expect(snapshot.selfSize[0]).toBe(8589934593);
    expect(snapshot.id[1]).toBe(3);
    const above = text.replace('9007199254740991', '9007199254740993');
    expect(errorOf(() => readText(above)).message).toMatch(
      /^its nodes hold a number above 2\^53 \(before byte \d+\), which cannot be kept exactly$/,
    );
  });

  test('spaces, unknown members and another order of the last members do no harm', () => {
    const text = decoder.decode(smallHeap().bytes());
    const document = JSON.parse(text) as Record<string, unknown>;
    const { snapshot, nodes, edges, strings, locations } = document;
    const other = {
      snapshot,
      extra: { a: ['}', { b: '\\"' }] },
      flag: true,
      strings,
      nodes,
      n: -1.5e3,
      locations,
      edges,
    };
    expect({ ...(plain(readText(JSON.stringify(other, null, 2))) as object), bytes: 0 }).toEqual({
      ...(plain(readText(text)) as object),
      bytes: 0,
    });
  });
});

describe('what is no snapshot', () => {
  test('a snapshot cut short anywhere is refused in one sentence with the place', () => {
    const bytes = encoder.encode(decoder.decode(smallHeap().bytes()).trimEnd());
    const seen = new Set<string>();
    for (let length = 0; length < bytes.length; length++) {
      const reader = new SnapshotReader();
      reader.write(bytes.subarray(0, length));
      const error = errorOf(() => reader.end());
      expect(error.byteOffset).toBe(length);
      seen.add(error.message.replaceAll(/\d+/g, 'N'));
    }
    const members = [
      'nodes',
      'edges',
      'trace_function_infos',
      'trace_tree',
      'samples',
      'locations',
      'strings',
    ];
    expect([...seen]).toEqual([
      'it is empty',
      ...['at its beginning', 'within "snapshot"', 'after "snapshot"'].map(cutShort),
      ...members.flatMap((name) => [cutShort(`within "${name}"`), cutShort(`after "${name}"`)]),
    ]);
  });

  test('another kind of file is called what it is', () => {
    expect(errorOf(() => readText('<html>')).message).toBe(
      'it is no V8 heap snapshot: "<" at byte 0, where a snapshot begins {"snapshot":{',
    );
    expect(errorOf(() => readText('{"a":1}')).message).toBe('it has no member "snapshot" (byte 7)');
    expect(errorOf(() => readText('{"nodes":[]}')).message).toBe(
      '"nodes" (byte 9) comes before the description of the snapshot',
    );
    expect(errorOf(() => readText('{"snapshot":{}}')).message).toBe(
      'its description (byte 12) names no node_fields',
    );
  });

  test.each([
    [
      'more nodes than announced',
      /"node_count":\d+/,
      '"node_count":3',
      /^it announces 3 nodes and holds \d+/,
    ],
    [
      'more edges than announced',
      /"edge_count":\d+/,
      '"edge_count":3',
      /^it announces 3 edges, and its nodes have \d+/,
    ],
    [
      'a letter among the nodes',
      /"nodes":\[\d+/,
      '"nodes":[x',
      /^its nodes hold "x" where a number should be \(byte \d+\)$/,
    ],
    ['a number left out', /"nodes":\[\d+,/, '"nodes":[,', /^its nodes hold "," where a number should be/],
    [
      'two numbers without a comma',
      /"edges":\[(\d+)/,
      '"edges":[$1 $1',
      /^its edges hold "\d" where a number should be/,
    ],
    [
      'a row cut short',
      /"samples":\[\],\n"locations":\[(\d+),/,
      '"samples":[],\n"locations":[',
      /^its locations end in the middle of one/,
    ],
    [
      'an edge to nowhere',
      /"edges":\[(\d+),(\d+),\d+/,
      '"edges":[$1,$2,999999',
      /^1 of its edges lead to no node/,
    ],
    [
      'a string without quotes',
      /"strings":\["/,
      '"strings":[x"',
      /^its strings hold "x" where a string should be/,
    ],
    ['no field for ids', '"id"', '"idea"', /^its node_fields \(byte 12\) have no "id"$/],
  ])('%s', (_, from, to, sentence) => {
    const text = decoder.decode(smallHeap().bytes()).replace(from, to);
    expect(errorOf(() => readText(text)).message).toMatch(sentence);
  });
});

describe('a damaged snapshot', () => {
  test.each([1, 2, 3])('is refused in a sentence or read, and never anything worse (seed %i)', (seed) => {
    const random = seededRandom(seed);
    const bytes = smallHeap().bytes('bare');
    const signs = encoder.encode('0123456789,[]{}"\\ -x\n');
    let refused = 0;
    for (let i = 0; i < 150; i++) {
      const damaged = bytes.slice();
      for (let k = 0; k < 1 + (i % 3); k++)
        damaged[Math.floor(random() * damaged.length)] = signs[Math.floor(random() * signs.length)] as number;
      const reader = new SnapshotReader();
      try {
        reader.write(damaged);
        const graph = new HeapGraph(reader.end());
        const retention = retentionOf(graph);
        const places = new HeapPlaces(graph);
        dominatorsOf(graph);
        for (const node of retention.order) retainingPath(graph, retention, places, node);
      } catch (error) {
        if (!(error instanceof SnapshotError)) throw error;
        refused++;
      }
    }
    expect(refused).toBeGreaterThan(50);
  });
});

function cutShort(where: string): string {
  return `it ends in the middle, ${where} (byte N): the process died or the disk was full while it was written`;
}

function heapThing(heap: SyntheticHeap, name: string): Parameters<SyntheticHeap['place']>[0] {
  const thing = [...reachable(heap.root)].find((each) => each.name === name);
  if (thing === undefined) throw new Error(`no ${name} in the heap`);
  return thing;
}

function reachable(root: SyntheticHeap['root'], seen: Set<SyntheticHeap['root']> = new Set()): typeof seen {
  if (seen.has(root)) return seen;
  seen.add(root);
  for (const { to } of root.edges) reachable(to, seen);
  return seen;
}
