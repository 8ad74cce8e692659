import type { CaseSearch } from './search/case-search.ts';

/** What was tried besides sets of two and three calls, in words. */
export type OtherTrials = readonly string[];

/**
 * What was tried, exactly, and what was not: `every schedule with at most 1 preemption at I/O boundaries: 635 trials,
 * 45 pairs`. Never that there is nothing to be found.
 */
export function coverageOf(searches: readonly CaseSearch[], others: OtherTrials): string {
  const judged = searches.filter(({ references }) => references !== null);
  const bounds = [...new Set(judged.map(({ completeBound }) => completeBound))];
  const parts = bounds
    .toSorted((a, b) => (a ?? -1) - (b ?? -1))
    .map((bound) =>
      claimOf(
        bound,
        judged.filter(({ completeBound }) => completeBound === bound),
      ),
    );
  const unjudged = searches.length - judged.length;
  if (unjudged > 0) parts.push(`not judged: ${counted(unjudged, 'set')} of calls`);
  parts.push(...others);
  const delayed = searches.reduce((sum, search) => sum + search.delayed, 0);
  const diverged = judged.reduce((sum, search) => sum + search.diverged, 0);
  const notes = [
    ...(diverged > 0 ? [`not followed by the server: ${counted(diverged, 'schedule')}`] : []),
    ...(delayed > 0 ? [`where control is lost: ${counted(delayed, 'trial')} with random delays`] : []),
    ...(judged.some(({ equivalent }) => equivalent > 0)
      ? ['of schedules that differ only in what one call keeps to itself, one']
      : []),
    ...(judged.some(({ repeats }) => repeats > 0) ? ['of a lock that is polled, the first rounds'] : []),
  ];
  return [...parts, ...notes].join('; ');
}

function claimOf(bound: number | null, searches: readonly CaseSearch[]): string {
  const trials = searches.reduce((sum, search) => sum + search.trials, 0);
  const sets = counts(searches);
  if (bound === null) return `cut short: ${counted(trials, 'trial')}, ${sets}`;
  const what =
    bound === 0
      ? 'every schedule without preemption'
      : `every schedule with at most ${counted(bound, 'preemption')}`;
  return `${what} at I/O boundaries: ${counted(trials, 'trial')}, ${sets}`;
}

/** `45 pairs, 3 triples`: different subjects, however many calls of theirs were raced. */
function counts(searches: readonly CaseSearch[]): string {
  const sizes = [...new Set(searches.map((search) => search.case.calls.length))].toSorted((a, b) => a - b);
  return sizes
    .map((size) => {
      const names = searches
        .filter((search) => search.case.calls.length === size)
        .map((search) => search.case.subjects.join('\n'));
      return counted(new Set(names).size, size === 2 ? 'pair' : size === 3 ? 'triple' : `set of ${size}`);
    })
    .join(', ');
}

function counted(count: number, noun: string): string {
  const plural = noun.startsWith('set of ') ? noun.replace('set', 'sets') : `${noun}s`;
  return `${count.toLocaleString('en-GB')} ${count === 1 ? noun : plural}`;
}
