import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { control } from './racing-target.ts';
import type { RacingTarget } from './racing-target.ts';

const SERVER = fileURLToPath(new URL('fixtures/one-thread.mjs', import.meta.url));

describe('a message of a thread that is held', () => {
  let target: RacingTarget;
  beforeAll(async () => {
    target = await control(SERVER);
  });
  afterAll(() => target.stop());

  it('goes to who listens when it is let go, which may be another call than asked', async () => {
    const calls = ['one', 'two'].map((text) => ({ tool: 'ask', args: { text } }));
    const alone = await target.race(calls, { strategy: 'sequential', order: ['A', 'B'] });
    expect(alone.answers).toEqual(['one', 'two']);
    const seen = new Set<string>();
    for (let seed = 0; seed < 8; seed++)
      seen.add((await target.race(calls, { strategy: 'random', seed })).answers.join());
    expect(seen).toContain('one,one');
  });
});
