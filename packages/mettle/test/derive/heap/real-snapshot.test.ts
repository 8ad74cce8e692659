import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { beforeAll, describe, expect, test } from 'vitest';
import {
  dominatorsOf,
  HeapGraph,
  HeapPlaces,
  NONE,
  readHeapSnapshot,
  retainingPath,
  retentionOf,
} from '../../../src/derive/heap/index.ts';

/*
 * A snapshot that the running Node takes of a process that keeps what it should not: what is true of heaps made up for
 * tests has to be true of this version's V8 as well.
 */

const fixtures = fileURLToPath(new URL('./fixtures/', import.meta.url));

let graph: HeapGraph;
let paths: (test: (node: number) => boolean) => readonly string[];

beforeAll(async () => {
  const child = spawn(process.execPath, [`${fixtures}planted.mjs`], { stdio: ['ignore', 'pipe', 'inherit'] });
  graph = new HeapGraph(await readHeapSnapshot(child.stdout as AsyncIterable<Uint8Array>));
  const retention = retentionOf(graph);
  const places = new HeapPlaces(graph);
  paths = (wanted) => {
    const found: string[] = [];
    for (let node = 0; node < graph.nodeCount; node++) {
      if (!wanted(node)) continue;
      const { steps } = retainingPath(graph, retention, places, node, {
        shownFile: (file) => file.replace(fixtures, ''),
      });
      found.push(steps.join(' → '));
    }
    return [...new Set(found)];
  };
});

const closure =
  (name: string) =>
  (node: number): boolean =>
    graph.kind(node) === 'closure' && graph.name(node) === name;
const objectWith =
  (property: string) =>
  (node: number): boolean =>
    graph.kind(node) === 'object' && graph.follow(node, property) !== NONE;

describe(`a snapshot of Node ${process.version}`, () => {
  test('what an ECMAScript module exports, and what it does not', () => {
    expect(paths(objectWith('onPlantedClose'))).toContain(
      'module planted-store.mjs → Map "sessions" → entry PlantedSession',
    );
    expect(paths(objectWith('deep'))).toEqual([
      'module planted-store.mjs → Object "plantedHidden" → Object {deep} "plantedSecret"',
    ]);
  });

  test('what a CommonJS module keeps to itself', () => {
    expect(paths(objectWith('plantedEntry'))).toEqual([
      'module planted-cache.cjs → Map "plantedCache" → entry Object {plantedEntry}',
    ]);
  });

  test('listeners of an emitter and of an AbortSignal, with the line of their function', () => {
    expect(paths(closure('onPlantedUpdate'))).toEqual([
      'module planted-store.mjs → EventEmitter "bus" → Object "_events" → Array "plantedUpdate" → element closure onPlantedUpdate (planted.mjs:17:51)',
    ]);
    const listeners = paths(
      (node) => graph.name(node) === 'Listener' && closure('onPlantedAbort')(graph.follow(node, 'callback')),
    );
    expect(listeners.join('\n')).toMatch(
      /^module planted\.mjs → AbortController "controller" → .*Listener of closure onPlantedAbort \(planted\.mjs:22:70\)$/m,
    );
  });

  test('a pending timer', () => {
    expect(paths(closure('plantedTimer'))).toEqual([
      'pending timers → Timeout → closure plantedTimer (planted.mjs:26:33)',
    ]);
  });

  test('a WeakMap’s value is held by its key', () => {
    expect(paths(objectWith('plantedAttribute'))).toEqual([
      'module planted-store.mjs → Map "sessions" → entry PlantedSession → Object {plantedAttribute}',
    ]);
  });

  test('all that is held is dominated by the root, to the byte', () => {
    const { retainedSize, dominator } = dominatorsOf(graph);
    let held = 0;
    for (let node = 0; node < graph.nodeCount; node++)
      if (node === 0 || dominator[node] !== NONE) held += graph.selfSize(node);
    expect(retainedSize[0]).toBe(held);
    expect(held).toBeGreaterThan(1_000_000);
  });
});
