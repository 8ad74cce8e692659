import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kinds } from './kind-names.ts';
import { control, traceOf } from './racing-target.ts';
import type { RacingTarget } from './racing-target.ts';

const SEEDS = [0, 1, 2, 3, 4, 5, 6, 7];
const FILES = { 'data.txt': 'one\ntwo\n' };

describe('two calls that each wait for one operation', () => {
  let target: RacingTarget;
  beforeAll(async () => {
    target = await control(fileURLToPath(new URL('fixtures/kinds-stdio.mjs', import.meta.url)));
  });
  afterAll(() => target.stop());

  it.for(kinds)('come back in both orders, and the same seed gives the same trace: %s', async (kind) => {
    const calls = ['a', 'b'].map((who) => ({ tool: 'do', args: { kind, who } }));
    const orders = new Set<string>();
    for (const seed of SEEDS) {
      const trial = async (): Promise<string> => {
        const { record, answers } = await target.race(calls, { strategy: 'random', seed }, FILES);
        expect(record).toMatchObject({ status: 'done', uncontrolled: [] });
        expect(answers).toEqual(['a', 'b']);
        const order = await target.call({ tool: 'order' });
        orders.add(order);
        return `${order}\n${traceOf(record)}`;
      };
      expect(await trial()).toBe(await trial());
    }
    expect([...orders].toSorted()).toEqual(['ab', 'ba']);
  });

  it('have the line that made a stream, which opens and writes its file later', async () => {
    const calls = ['a', 'b'].map((who) => ({ tool: 'do', args: { kind: 'fs.createWriteStream', who } }));
    const { record } = await target.race(calls, { strategy: 'random', seed: 1 }, FILES);
    const touching = record.steps.filter(({ kind, phase }) => kind.startsWith('fs.') && phase === 'effect');
    expect(touching.map(({ kind }) => kind)).toContain('fs.open');
    expect(touching.map(({ site }) => site?.function)).toEqual(touching.map(() => 'fs.createWriteStream'));
  });
});
