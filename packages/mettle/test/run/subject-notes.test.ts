import { describe, expect, it } from 'vitest';
import { subjectNotes } from '../../src/run/subject-notes.ts';

describe('what is said of many tools', () => {
  const ofMany = (count: number): string[] =>
    subjectNotes(
      Array.from({ length: count }, (_, i) => ({ subject: `tool_${i}`, says: 'no time was left.' })),
    );

  it('is one sentence with their names', () => {
    expect(ofMany(1)).toEqual(['tool_0: no time was left.']);
    expect(ofMany(5)).toEqual(['tool_0, tool_1, tool_2, tool_3, tool_4: no time was left.']);
  });

  it('names a few of hundreds, and counts the others', () => {
    expect(ofMany(500)).toEqual(['tool_0, tool_1, tool_2, tool_3 and 496 more: no time was left.']);
  });

  it('keeps apart what differs', () => {
    const notes = subjectNotes([
      { subject: 'a', says: 'x' },
      { subject: 'b', says: 'y' },
      { subject: 'c', says: 'x' },
    ]);
    expect(notes).toEqual(['a, c: x', 'b: y']);
  });
});
