import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { control, traceOf } from './racing-target.ts';
import type { RacingTarget } from './racing-target.ts';

const SERVER = fileURLToPath(new URL('fixtures/own-backend.mjs', import.meta.url));

describe('a server that asks a server in its own process', () => {
  let target: RacingTarget;
  beforeAll(async () => {
    target = await control(SERVER);
  });
  afterAll(() => target.stop());

  it.each(['by_http', 'by_fetch'])(
    'is answered when the virtual time has come, and controlled all the while: %s',
    async (tool) => {
      const calls = [{ tool }, { tool }];
      const one = await target.race(calls, { strategy: 'random', seed: 1 });
      expect(one.record).toMatchObject({ status: 'done', uncontrolled: [] });
      expect(one.answers).toEqual([expect.stringMatching(/^row \d+$/), expect.stringMatching(/^row \d+$/)]);
      expect(one.record.virtualMs).toBeGreaterThanOrEqual(5_000);
      const two = await target.race(calls, { strategy: 'random', seed: 1 });
      expect(traceOf(two.record)).toBe(traceOf(one.record));
    },
  );
});
