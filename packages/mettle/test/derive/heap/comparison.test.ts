import { describe, expect, test } from 'vitest';
import { compareSnapshots, surveyOf } from '../../../src/derive/heap/comparison/index.ts';
import { addSessions, comparedHeaps, grownSessions, sessionServer } from '../../builders/compared-heaps.ts';

const asIs = (file: string): string => file;

describe('two snapshots of one process', () => {
  test('what was made since and is alive is counted at its old holder', () => {
    const comparison = grownSessions(20);
    expect(comparison.sameProcess).toBe(true);
    expect(comparison.idsAgree).toBe(1);
    const [first] = comparison.holders;
    expect(first).toMatchObject({
      className: 'Map',
      elementClass: 'Session',
      elementsBefore: 5,
      elementsAfter: 25,
      newElements: 20,
      path: ['module dist/sessions.js', 'Map "sessions"', 'entry Session'],
      package: null,
      location: { file: '/srv/dist/sessions.js', line: 12, column: 5, function: 'onClose' },
    });
    expect(first?.grownBytes).toBe(20 * (1000 + 56 + 16));
    expect((first?.retainedAfter ?? 0) - (first?.retainedBefore ?? 0)).toBe(20 * (1000 + 56 + 16 + 56));
  });

  test('classes are told by constructor, and functions by their line', () => {
    const rows = grownSessions(20).classes;
    expect(rows.find(({ className }) => className === 'Session')).toMatchObject({
      kind: 'object',
      before: 5,
      after: 25,
      newObjects: 20,
      bytesBefore: 5000,
      bytesAfter: 25_000,
    });
    expect(rows.find(({ className }) => className === 'closure onClose')).toMatchObject({
      kind: 'closure',
      place: 'dist/sessions.js:12:5',
      newObjects: 20,
    });
  });

  test('what went and what came are told apart, though there are as many as before', () => {
    const [before, after] = [sessionServer(), sessionServer()];
    addSessions(before.heap, before.sessions, 20);
    addSessions(after.heap, after.sessions, 20);
    // Those of the first snapshot are gone, twenty others came.
    for (const edge of after.sessions.edges) if (edge.name === 'table') edge.to.edges.length = 0;
    addSessions(after.heap, after.sessions, 20);
    const [first] = comparedHeaps(before.heap, after.heap).holders;
    expect(first).toMatchObject({ elementsBefore: 20, elementsAfter: 20, newElements: 20 });
  });

  test('nothing new is no growth', () => {
    expect(grownSessions(0)).toMatchObject({ sameProcess: true, newObjects: 0, holders: [], classes: [] });
  });

  test('the later one given first is noticed', () => {
    const [early, late] = [sessionServer(), sessionServer()];
    addSessions(late.heap, late.sessions, 20);
    expect(compareSnapshots(surveyOf(late.heap.read(), asIs), early.heap.read(), asIs).reversed).toBe(true);
    expect(compareSnapshots(surveyOf(early.heap.read(), asIs), late.heap.read(), asIs).reversed).toBe(false);
  });
});

describe('two snapshots of different processes', () => {
  test('collections that read the same are compared by how much they hold, and it says so', () => {
    const [before, after] = [sessionServer(300), sessionServer(301)];
    addSessions(before.heap, before.sessions, 20);
    addSessions(after.heap, after.sessions, 60);
    const comparison = comparedHeaps(before.heap, after.heap);
    expect(comparison).toMatchObject({ sameProcess: false, newObjects: null, newBytes: null });
    expect(comparison.unknown[0]).toMatch(
      /^The ids of the two snapshots do not belong together \(\d+ of 100/,
    );
    expect(comparison.holders[0]).toMatchObject({
      elementClass: 'Session',
      elementsBefore: 20,
      elementsAfter: 60,
      newElements: null,
      retainedAfter: null,
      path: ['module dist/sessions.js', 'Map "sessions"', 'entry Session'],
    });
  });

  test('a server in another folder is the same server', () => {
    const [before, after] = [sessionServer(300), sessionServer(301)];
    addSessions(before.heap, before.sessions, 20);
    addSessions(after.heap, after.sessions, 25);
    expect(comparedHeaps(before.heap, after.heap).holders).toEqual([]);
  });
});
