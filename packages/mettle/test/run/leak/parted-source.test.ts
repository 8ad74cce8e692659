import { describe, expect, it } from 'vitest';
import { partByOutcome } from '../../../src/run/leak/parted-source.ts';
import type { CallSource } from '../../../src/load/index.ts';
import type { Reply, Session } from '../../../src/session/index.ts';

const call = (name: string, i?: number): ReturnType<CallSource['call']> => ({
  method: 'tools/call',
  params: { name: 'read', arguments: { name, ...(i === undefined ? {} : { i }) } },
});
function taking(...names: readonly string[]): CallSource {
  const inTurn = names.map((name) => call(name));
  const at = (i: number): string => names[i % names.length] as string;
  return {
    subject: { name: 'read', kind: 'tool' },
    weight: 1,
    inTurn,
    call: (i) => call(at(i)),
    fresh: (i) => call(at(i), i),
  };
}
/** A server that has all but what begins with `bad`. */
const setting = {
  session: {
    request: (_: string, { arguments: { name } }: { arguments: { name: string } }) =>
      Promise.resolve({
        outcome: 'result',
        result: { isError: name.startsWith('bad'), content: [{ type: 'text', text: 'broken' }] },
      } as unknown as Reply),
  } as unknown as Session,
  signal: new AbortController().signal,
  callTimeoutMs: 1000,
};
const namesOf = (source: CallSource | null | undefined, way: 'call' | 'fresh'): unknown[] =>
  [0, 1, 2, 3, 4].map((i) => (source?.[way]?.(i).params['arguments'] as { name: string } | undefined)?.name);

describe('calls of one tool, some of which fail', () => {
  it('are parted, so that what is left by failing is told of failing calls', async () => {
    const parts = await partByOutcome(taking('good', 'bad', 'fine', 'bad'), setting, 1000);
    expect(namesOf(parts?.answered, 'call')).toEqual(['good', 'fine', 'good', 'fine', 'good']);
    expect(namesOf(parts?.failing, 'call')).toEqual(['bad', 'bad', 'bad', 'bad', 'bad']);
  });

  it('keep their kind when they get new arguments, and no two are the same', async () => {
    const parts = await partByOutcome(taking('good', 'bad', 'fine', 'bad'), setting, 1000);
    expect(namesOf(parts?.answered, 'fresh')).toEqual(['good', 'fine', 'good', 'fine', 'good']);
    const made = [0, 1, 2, 3, 4, 5].map((i) => JSON.stringify(parts?.failing?.fresh?.(i)));
    expect(new Set(made).size).toBe(6);
  });

  it.each([
    ['all are answered', ['good', 'fine']],
    ['all fail', ['bad', 'bad too']],
    ['there is but one', ['good', 'good']],
  ])('are left together when %s', async (_, names) => {
    expect(await partByOutcome(taking(...names), setting, 1000)).toBeNull();
  });
});
