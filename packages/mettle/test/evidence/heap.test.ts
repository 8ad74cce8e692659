import { describe, expect, it } from 'vitest';
import { leakRun } from '../builders/heap.ts';

describe('a leak run told in sentences', () => {
  it('counts one object for each call of its subject, in rounds of its own', () => {
    const { growths, rounds, subjects } = leakRun()
      .calls('search')
      .calls('open_session')
      .grows({ at: 'src/sessions.js:39:12' })
      .heapGrowth();
    const index = subjects.findIndex((subject) => subject.name === 'open_session');
    expect(growths[0]?.counts.slice(1)).toEqual(rounds.slice(1).map((round) => round.calls[index]));
    expect(growths[0]?.site[0]).toMatchObject({ file: '/srv/shop/src/sessions.js', line: 39, column: 12 });
  });

  it('keeps nothing of repeated arguments when it keeps by argument', () => {
    const { growths, rounds } = leakRun().calls('lookup').grows({ keyed: true }).heapGrowth();
    expect(growths[0]?.counts.at(-1)).toBe(0);
    expect(rounds.at(-1)?.kind).toBe('repeat');
  });
});
