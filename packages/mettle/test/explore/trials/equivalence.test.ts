import { describe, expect, it } from 'vitest';
import type { Trial } from '../../../src/evidence/index.ts';
import { findDifference } from '../../../src/explore/trials/equivalence.ts';
import type { TrialRequest } from '../../../src/explore/index.ts';

const requests = Array.from(
  { length: 10 },
  (_, i) => ({ calls: [{ tool: `t${i}`, arguments: {}, connection: 0 }] }) as unknown as TrialRequest,
);

/** A server on which a trial takes so long by a clock of its own; what it answers is `answer(request, count)`. */
function clocked(trialMs: number, answer: (tool: string, count: number) => string = (tool) => tool) {
  let nowMs = 0;
  const run: string[] = [];
  return {
    run,
    time: (untilMs: number) => ({ untilMs, now: () => nowMs }),
    rehearse: (request: TrialRequest) => {
      const tool = request.calls[0]?.tool ?? '';
      nowMs += trialMs;
      run.push(tool);
      const answers = [{ status: 'success', text: answer(tool, run.length) }];
      return Promise.resolve({
        answers,
        observed: [],
        files: {},
        crash: null,
        record: { status: 'done', steps: [] },
      } as unknown as Trial);
    },
  };
}

describe('showing that a reset is equivalent', () => {
  it('calls each four times when there is time', async () => {
    const server = clocked(10);
    const seen = await findDifference(server.rehearse, requests, server.time(1000));
    expect(typeof seen === 'string' ? seen : seen.size).toBe(10);
    expect(server.run).toHaveLength(40);
  });

  it('looks at as many of the first ones as there is time for', async () => {
    const server = clocked(10);
    const seen = await findDifference(server.rehearse, requests, server.time(180));
    expect(typeof seen === 'string' ? seen : [...seen.keys()]).toEqual(requests.slice(0, 5));
    expect(server.run).toHaveLength(20);
  });

  it('looks at two when there is time for none', async () => {
    const server = clocked(1000);
    const seen = await findDifference(server.rehearse, requests, server.time(100));
    expect(typeof seen === 'string' ? seen : seen.size).toBe(2);
    expect(server.run).toEqual(['t0', 't0', 't1', 't1', 't1', 't1', 't0', 't0']);
  });

  it('tells which call gave itself away, and by what', async () => {
    const server = clocked(10, (tool, count) => (tool === 't1' ? `${tool} ${count}` : tool));
    expect(await findDifference(server.rehearse, requests, server.time(100))).toBe(
      't1 answered differently after other calls',
    );
  });
});
