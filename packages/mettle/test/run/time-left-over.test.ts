import { expect, it } from 'vitest';
import { plan } from '../../src/run/plan.ts';
import { TimeLeftOver } from '../../src/run/time-left-over.ts';

const { stages } = plan({ examination: 'check', budgetMs: 60_000, noAgent: null });
const [solo, batches] = stages as [(typeof stages)[number], (typeof stages)[number]];
const leak = stages.find(({ name }) => name === 'leak') as (typeof stages)[number];

it('what stages leave of their time is added to the last ones, and what they used on top is not taken from them', async () => {
  let nowMs = 0;
  const time = new TimeLeftOver(() => nowMs);
  const lasting = (ms: number) => (): Promise<void> => {
    nowMs += ms;
    return Promise.resolve();
  };
  expect(time.addedTo(leak)).toEqual(leak);
  await time.during(solo, lasting(solo.budgetMs - 4000));
  expect(time.addedTo(leak).budgetMs).toBeCloseTo(leak.budgetMs + 4000);
  await time.during(batches, lasting(batches.budgetMs + 9000));
  expect(time.addedTo(leak).budgetMs).toBeCloseTo(leak.budgetMs);
  await expect(time.during(leak, () => Promise.reject(new Error('died')))).rejects.toThrow('died');
  expect(time.addedTo(leak).budgetMs).toBeCloseTo(2 * leak.budgetMs - 5000);
});
