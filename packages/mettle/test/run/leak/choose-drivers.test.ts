import { describe, expect, it } from 'vitest';
import type { TargetSpec } from '../../../src/evidence/index.ts';
import type { CallSource } from '../../../src/load/index.ts';
import { chooseDrivers, type DriverChoice } from '../../../src/run/leak/choose-drivers.ts';
import { monotonicMs } from '../../../src/session/index.ts';
import type { Reply, Session } from '../../../src/session/index.ts';

const call = (of: string, name: string): ReturnType<CallSource['call']> => ({
  method: 'tools/call',
  params: { name: of, arguments: { name } },
});

/** A tool that is called with these names in turn. */
function tool(name: string, names: readonly string[], more: Partial<CallSource> = {}): CallSource {
  const inTurn = names.map((each) => call(name, each));
  return {
    subject: { name, kind: 'tool' },
    weight: 1,
    inTurn,
    call: (i) => inTurn[i % inTurn.length] as ReturnType<CallSource['call']>,
    ...more,
  };
}

/** The drivers for a server that answers all but what begins with `bad`, or is new to it. */
function chosen(...sources: readonly CallSource[]): Promise<DriverChoice> {
  const request = (_: string, { arguments: given }: { arguments: { name: string } }): Promise<Reply> =>
    Promise.resolve({
      outcome: 'result',
      result: { isError: /^bad|new/.test(given.name), content: [] },
    } as unknown as Reply);
  return chooseDrivers({
    session: { request } as unknown as Session,
    spec: { kind: 'stdio' } as unknown as TargetSpec,
    sources,
    workload: null,
    signal: new AbortController().signal,
    callTimeoutMs: 1000,
    untilMs: monotonicMs() + 60_000,
  });
}

const mannersOf = ({ drivers }: DriverChoice): readonly string[] =>
  drivers.map(({ subject }) => `${subject.name} ${subject.manner}`);

describe('how subjects are called', () => {
  it('a tool of which some calls fail is called in both ways, each by itself', async () => {
    expect(mannersOf(await chosen(tool('read', ['good', 'bad'])))).toEqual([
      'read failed',
      'read answered',
      'read cancelled',
    ]);
  });

  it('a tool of which all calls fail is called for what failing leaves behind', async () => {
    expect(mannersOf(await chosen(tool('read', ['bad'])))).toEqual(['read failed']);
  });
});

describe('who could not be given new arguments', () => {
  const noteOf = ({ notCovered }: DriverChoice): string | undefined =>
    notCovered.find((note) => note.includes('new arguments'));

  it('is said, with what that hides', async () => {
    const open = tool('rank', ['a', 'b'], { repeats: true });
    const refused = tool('look', ['a'], { fresh: (i) => call('look', `new ${i}`) });
    expect(noteOf(await chosen(open, refused))).toBe(
      'No new arguments could be made for rank, look: a cache keyed by them could not be seen to grow (write {i} or {uuid} into the arguments of a workload).',
    );
  });

  it('is not said of those that were given some, or have but so many', async () => {
    const fresh = tool('find', ['a'], { fresh: (i) => call('find', `a ${i}`) });
    expect(noteOf(await chosen(fresh, tool('unit', ['km', 'mi'])))).toBeUndefined();
  });
});
