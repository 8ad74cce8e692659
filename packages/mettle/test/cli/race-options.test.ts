import { describe, expect, it } from 'vitest';
import { raceArguments, raceSettings } from '../../src/cli/race-options.ts';

describe('what mettle race takes besides', () => {
  it('is two preemptions and one process when nothing is said', () => {
    expect(raceSettings({})).toEqual({ preemptionBound: 2, processes: 1, ignore: [], replay: null });
  });

  it('is typed again for the same calls to meet: seed, processes, what is not compared', () => {
    const settings = raceSettings({ processes: '2', ignore: ['$.updatedAt'], preemptions: '1' });
    expect(settings).toMatchObject({ preemptionBound: 1, processes: 2 });
    expect(raceArguments(settings, 7)).toBe("--seed 7 --processes 2 --ignore '$.updatedAt' ");
    expect(raceArguments(raceSettings({}), undefined)).toBe('');
  });

  it.each([
    [{ preemptions: '9' }, '--preemptions takes a whole number from 0 to 3'],
    [{ preemptions: '1.5' }, '--preemptions'],
    [{ processes: '3' }, '--processes takes 1 or 2'],
    [{ replay: 'calls.json' }, 'a recording is given with --workload calls.json'],
    [{ ignore: ['updatedAt'] }, 'does not begin with "$"'],
  ])('says in a sentence what it cannot be: %j', (extra, sentence) => {
    expect(() => raceSettings(extra)).toThrow(sentence);
  });
});
