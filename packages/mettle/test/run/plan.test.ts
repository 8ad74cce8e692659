import { expect, test } from 'vitest';
import { plan } from '../../src/run/plan.ts';

const usual = { examination: 'profile', budgetMs: 10_000, noAgent: null } as const;
const nameAndMs = (stages: ReturnType<typeof plan>['stages']): readonly (readonly [string, number])[] =>
  stages.map(({ name, budgetMs }) => [name, Math.round(budgetMs)] as const);

test('a recording is made again before anything else is called, and takes its own time on top of the budget', () => {
  expect(nameAndMs(plan(usual).stages)).toEqual([
    ['solo', 2000],
    ['mixed', 1000],
    ['blocking', 5500],
    ['overlap', 1500],
  ]);
  const { stages } = plan({ ...usual, replay: { timedMs: 60_000, profiledMs: 90_000 } });
  expect(nameAndMs(stages)).toEqual([
    ['mixed', 60_000],
    ['solo', 2222],
    ['blocking', 96_111],
    ['overlap', 1667],
  ]);
  expect(stages[0]?.title).toBe('making the recorded calls again');
});
