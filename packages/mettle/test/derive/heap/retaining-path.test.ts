import { describe, expect, test } from 'vitest';
import {
  describeNode,
  HeapGraph,
  HeapPlaces,
  retainingPath,
  retentionOf,
} from '../../../src/derive/heap/index.ts';
import { SyntheticHeap } from '../../builders/heap-snapshot.ts';
import type { Thing } from '../../builders/heap-snapshot.ts';

const shownFile = (file: string): string => file.replace('/srv/', '');

/** What a user reads of how a thing is held. */
function pathOf(heap: SyntheticHeap, thing: Thing): string {
  const graph = new HeapGraph(heap.read());
  const path = retainingPath(graph, retentionOf(graph), new HeapPlaces(graph), heap.place(thing), {
    shownFile,
  });
  return path.steps.join(' → ');
}

describe('a retaining path in the user’s words', () => {
  test('from the module, over the variable and the entry, to the function', () => {
    const heap = new SyntheticHeap();
    const onClose = heap.closure('onClose', '/srv/dist/sessions.js:12:5');
    heap.module('/srv/dist/sessions.js', { sessions: heap.map(heap.object('Object', { onClose })) });
    expect(pathOf(heap, onClose)).toBe(
      'module dist/sessions.js → Map "sessions" → entry → closure onClose (dist/sessions.js:12:5)',
    );
  });

  test('an exported variable of an ECMAScript module has the name of the export', () => {
    const heap = new SyntheticHeap();
    const session = heap.object('Session');
    heap.esmModule('file:///srv/dist/store.js', {
      store: heap.object('Store', { items: heap.array(session) }),
    });
    expect(pathOf(heap, session)).toBe(
      'module dist/store.js → Store "store" → Array "items" → element Session',
    );
  });

  test('a file of a package is of its module', () => {
    const heap = new SyntheticHeap();
    const validator = heap.closure('validate', 'file:///srv/node_modules/ajv/dist/core.js:5:9');
    heap.module('/srv/node_modules/ajv/dist/core.js', { cache: heap.map(validator) });
    const graph = new HeapGraph(heap.read());
    const path = retainingPath(graph, retentionOf(graph), new HeapPlaces(graph), heap.place(validator));
    expect(path).toEqual({
      steps: [
        'module /srv/node_modules/ajv/dist/core.js',
        'Map "cache"',
        'entry closure validate (/srv/node_modules/ajv/dist/core.js:5:9)',
      ],
      file: '/srv/node_modules/ajv/dist/core.js',
    });
  });

  test('listeners of an emitter are under the name of their event', () => {
    const heap = new SyntheticHeap();
    const listener = heap.closure('onUpdate', '/srv/dist/tools.js:32:14');
    const events = heap.object('Object', {
      update: heap.array(heap.closure('other', '/srv/dist/tools.js:1:1'), listener),
    });
    heap.module('/srv/dist/tools.js', { bus: heap.object('EventEmitter', { _events: events }) });
    expect(pathOf(heap, listener)).toBe(
      'module dist/tools.js → EventEmitter "bus" → Object "_events" → Array "update" → element closure onUpdate (dist/tools.js:32:14)',
    );
  });

  test('what a function captured is held by the function', () => {
    const heap = new SyntheticHeap();
    const module = heap.module('/srv/dist/a.js', {});
    const body = heap.object('Request');
    const scope = heap.scope('handle', module, { body });
    heap.module('/srv/dist/b.js', { pending: heap.map(heap.closure('', '/srv/dist/a.js:7:3', scope)) });
    expect(pathOf(heap, body)).toBe(
      'module dist/b.js → Map "pending" → entry closure (dist/a.js:7:3) → Request "body"',
    );
  });

  test('the links of a list are one step', () => {
    const heap = new SyntheticHeap();
    const last = heap.object('Job');
    const list = heap.object('Job', {
      next: heap.object('Job', { next: heap.object('Job', { next: last }) }),
    });
    heap.module('/srv/dist/queue.js', { head: list });
    expect(pathOf(heap, last)).toBe('module dist/queue.js → chain of 4 Job "head"');
  });

  test('closures of one function that keep each other are one step', () => {
    const heap = new SyntheticHeap();
    const module = heap.module('/srv/dist/draft.js', {});
    const code = heap.thing('code', 'undo', 56);
    const undo = (variables: Readonly<Record<string, Thing>>): Thing =>
      heap
        .thing('closure', 'undo', 56)
        .holds('internal', 'shared', code)
        .holds('internal', 'context', heap.scope('remember', module, variables));
    const first = undo({});
    module.holds('context', 'undo', undo({ previous: undo({ previous: first }) }));
    expect(pathOf(heap, first)).toBe('module dist/draft.js → chain of 3 closure undo');
  });

  test('a timer is among the pending ones, with its function', () => {
    const heap = new SyntheticHeap();
    const timeout = heap.object('Timeout', { _onTimeout: heap.closure('poll', '/srv/dist/poll.js:3:15') });
    const list = heap.object('TimersList', { _idleNext: timeout });
    heap.module('node:internal/timers', { timerListMap: heap.object('Object', { 1000: list }) });
    expect(pathOf(heap, timeout)).toBe('pending timers → Timeout of closure poll (dist/poll.js:3:15)');
  });

  test('keys that come from data are not shown', () => {
    const heap = new SyntheticHeap();
    const entry = heap.object('Token');
    heap.module('/srv/dist/auth.js', { byToken: heap.object('Object', { 'sk-live-4242': entry }) });
    expect(pathOf(heap, entry)).toBe('module dist/auth.js → Object "byToken" → entry Token');
    const many = Object.fromEntries(
      Array.from({ length: 40 }, (_, i) => [`user${i}`, heap.object('Profile')]),
    );
    const profiles = heap.object('Object', many);
    heap.module('/srv/dist/users.js', { profiles });
    expect(pathOf(heap, many['user7'] as Thing)).toBe(
      'module dist/users.js → Object "profiles" → entry Profile',
    );
  });

  test('a variable is preferred to hidden edges and to what the stack holds just now', () => {
    const heap = new SyntheticHeap();
    const kept = heap.object('Kept');
    heap.root.holds('element', 3, heap.thing('synthetic', '(Stack roots)', 0).holds('internal', '1', kept));
    heap.global.holds('hidden', 1, kept);
    heap.module('/srv/dist/a.js', { list: heap.array(heap.object('Box', { content: kept })) });
    expect(pathOf(heap, kept)).toBe('module dist/a.js → Array "list" → element Box → Kept "content"');
  });

  test('weak references hold nothing, and a WeakMap holds its values by their keys', () => {
    const heap = new SyntheticHeap();
    const forgotten = heap.object('Forgotten');
    const value = heap.object('Value');
    const table = heap.thing('array', '', 64).holds('weak', '5', forgotten);
    const key = heap.object('Key');
    const pair = `part of key (Key @${key.id}) -> value (Value @${value.id}) pair in WeakMap (table @${table.id})`;
    table.holds('weak', '6', key).holds('weak', '7', value).holds('internal', `3 / ${pair}`, value);
    key.holds('internal', `1 / ${pair}`, value);
    heap.module('/srv/a.js', { weak: heap.object('WeakMap').holds('internal', 'table', table), key });
    expect(pathOf(heap, value)).toBe('module a.js → Key "key" → Value');
    expect(pathOf(heap, forgotten)).toBe('held by nothing → Forgotten');
  });

  test('without a module the path begins at the global object or at V8', () => {
    const heap = new SyntheticHeap();
    const session = heap.object('Session');
    heap.global.has({ sessions: heap.map(session) });
    expect(pathOf(heap, session)).toBe('global → Map "sessions" → entry Session');
    const native = heap.thing('native', 'Node / TCPSocketWrap', 80);
    heap.root.holds('element', 7, native.holds('internal', 'native_to_javascript', heap.object('TCP')));
    expect(pathOf(heap, native)).toBe('V8 → TCPSocketWrap');
  });
});

describe('places', () => {
  test('the file of a script that the snapshot does not name is the debugger’s', () => {
    const heap = new SyntheticHeap();
    const session = heap.object('Session');
    session.place = [77, 3, 8];
    heap.global.has({ session });
    const graph = new HeapGraph(heap.read());
    const place = (scripts?: ReadonlyMap<number, string>): unknown =>
      new HeapPlaces(graph, scripts).place(heap.place(session));
    expect(place()).toEqual({ file: '', line: 4, column: 9, function: 'Session' });
    expect(place(new Map([[77, 'file:///srv/dist/session.js']]))).toMatchObject({
      file: '/srv/dist/session.js',
    });
  });
});

describe('what an object is', () => {
  test('plain objects are told by their properties, unless these are data', () => {
    const heap = new SyntheticHeap();
    const small = heap.string('x');
    const cases: readonly (readonly [Thing, string])[] = [
      [heap.object('Object', { close: small, id: small }), 'Object {close, id}'],
      [
        heap.object('Object', { a: small, b: small, c: small, d: small, e: small, f: small }),
        'Object {a, b, c, d, e, …}',
      ],
      [heap.object('Object', { 'a@b.example': small }), 'Object'],
      [heap.object('Object'), 'Object'],
      [heap.string('secret'), 'string'],
      [
        heap.object('Generator').holds('internal', 'function', heap.closure('run', '/srv/a.js:1:1')),
        'suspended function run',
      ],
      [
        heap.object('Listener', { callback: heap.closure('', '/srv/a.js:4:2') }),
        'Listener of closure (a.js:4:2)',
      ],
    ];
    for (const [thing] of cases) heap.global.has({ thing });
    const graph = new HeapGraph(heap.read());
    const places = new HeapPlaces(graph);
    for (const [thing, words] of cases)
      expect(describeNode(graph, places, heap.place(thing), shownFile)).toBe(words);
  });
});
