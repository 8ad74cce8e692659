import { expect, it } from 'vitest';
import { leakNotes } from '../../../src/detect/leak-notes.ts';
import { leakRun } from '../../builders/heap.ts';

const undecided = { kind: 'undecided', why: 'the time was used up' } as const;

it('says beside findings what is undecided and what is too slight for one', () => {
  const notes = leakNotes(
    leakRun()
      .calls('open')
      .grows({ bytesPerCall: 1422 })
      .calls('think')
      .grows({ bytesPerCall: 101, owner: { name: 'thoughts' } })
      .calls('index')
      .grows({ bytesPerCall: 900, owner: { name: 'words' }, bound: undecided })
      .heapGrowth(),
  );
  expect(notes).toEqual([
    'Whether it ends could not be decided in the time, besides the findings: `words`: the time was used up.',
    'Grows without end, but slightly: `think` by 101 B per call.',
  ]);
});

it('leaves it to the verdict where there are no findings, or nothing was examined', () => {
  const nothing = leakRun().calls('index').grows({ bytesPerCall: 900, bound: undecided }).heapGrowth();
  expect(leakNotes(nothing)).toEqual([]);
  expect(leakNotes(undefined)).toEqual([]);
});
