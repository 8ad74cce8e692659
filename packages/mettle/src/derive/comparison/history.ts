import type { HistoryChange, HistoryEntry } from '../../evidence/index.ts';
import { changePoints } from '../../stats/index.ts';

const FIGURES = ['cpuOverYardstick', 'latencyOverYardstick'] as const;
/** Levels nearer than this are of no interest, however sure it is that they differ. */
const LEAST_CHANGE = 0.03;

/** Where a tool's cost changed its level in a history of runs, oldest first. Creep shows as several small steps up. */
export function historyChanges(entries: readonly HistoryEntry[]): readonly HistoryChange[] {
  const tools = new Set(entries.flatMap(({ tools: known }) => Object.keys(known)));
  return [...tools].flatMap((tool) =>
    FIGURES.flatMap((figure): HistoryChange[] => {
      const runs = entries.flatMap((entry) => {
        const value = entry.tools[tool]?.[figure] ?? null;
        return value === null ? [] : [{ entry, value }];
      });
      // Ratios: a step from 1 to 1.1 is as large as one from 10 to 11.
      return changePoints(runs.map(({ value }) => Math.log(value))).flatMap(({ index, before, after, p }) => {
        const { entry } = runs[index] as (typeof runs)[number];
        if (Math.abs(after - before) < LEAST_CHANGE) return [];
        const { at, commit } = entry;
        return [{ tool, figure, at, commit, before: Math.exp(before), after: Math.exp(after), p }];
      });
    }),
  );
}
