import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { OverlapRecord } from '../../src/evidence/index.ts';
import { fixture, launch } from './target.ts';
import type { Target } from './target.ts';

const IN_FLIGHT = 8;

async function batch(target: Target, subject: string): Promise<OverlapRecord> {
  await target.agent.start('overlap', { subject, inFlight: IN_FLIGHT });
  await target.callTogether(subject, IN_FLIGHT);
  return await target.agent.stop('overlap');
}

/** Places of a stack as `function file`, the application's own. */
const places = (
  record: { readonly stack: readonly { readonly function: string; readonly file: string }[] } | undefined,
): string[] => (record?.stack ?? []).map((frame) => `${frame.function} ${frame.file.split('/').pop()}`);

describe('the overlap instrument', () => {
  let target: Target;
  beforeAll(async () => {
    target = await launch([fixture('stdio-v1.mjs')]);
    await target.call('warm');
  });
  afterAll(() => target.stop());

  it.for([
    ['timers', 'parallel'],
    ['files', 'files'],
    // All are outstanding from when they are queued, however few threads there are: the thread pool's queue is no lock.
    ['the thread pool', 'hashes'],
    ['several operations each', 'several'],
    ['fetch, a connection each', 'fetched'],
    ['requests pipelined on one shared socket', 'shared'],
  ] as const)('counts every call as outstanding when nothing holds them up: %s', async ([, tool]) => {
    const record = await batch(target, tool);
    expect(record).toMatchObject({ name: tool, inFlight: IN_FLIGHT, callsWithoutOperation: 0, waits: [] });
    expect(record.maxOutstanding).toBe(IN_FLIGHT);
  });

  it('counts one at a time behind a mutex, and names the line that waits and the timer that holds', async () => {
    const record = await batch(target, 'locked');
    expect(record.maxOutstanding).toBe(1);
    expect(record.waits[0]?.count).toBe(IN_FLIGHT - 1);
    expect(places(record.waits[0]).slice(0, 2)).toEqual(['run locks.mjs', 'locked tools.mjs']);
    // One after another for 10 ms each: 10 + 20 + … + 70.
    expect(record.waits[0]?.waitedMs).toBeGreaterThan(250);
    expect(record.holders[0]?.kind).toBe('Timeout');
    expect(places(record.holders[0])[0]).toBe(' tools.mjs');
  });

  it('does not take a guard timer that never fires for work', async () => {
    expect((await batch(target, 'guarded')).maxOutstanding).toBe(1);
  });

  it('counts two at a time behind a semaphore of two, three in a pool of three', async () => {
    const two = await batch(target, 'two');
    expect(two.maxOutstanding).toBe(2);
    expect(places(two.waits[0]).slice(0, 2)).toEqual(['acquire locks.mjs', 'two tools.mjs']);
    expect((await batch(target, 'three')).maxOutstanding).toBe(3);
  });

  it('sees one worker loop behind a queue: the others wait with nothing of their own', async () => {
    const record = await batch(target, 'queued');
    expect(record.maxOutstanding).toBe(1);
    expect(record.callsWithoutOperation).toBe(IN_FLIGHT - 1);
    expect(places(record.waits[0])[0]).toBe('queued tools.mjs');
    expect(record.holders[0]?.kind).toBe('Timeout');
  });

  it('counts the sockets of an http.Agent, not the requests in its queue', async () => {
    expect((await batch(target, 'sockets')).maxOutstanding).toBe(2);
  });

  it('counts nothing for a tool that does nothing', async () => {
    expect(await batch(target, 'noop')).toMatchObject({
      maxOutstanding: 0,
      callsWithoutOperation: IN_FLIGHT,
      waits: [],
      holders: [],
    });
  });
});

describe('the overlap instrument on other servers', () => {
  it.for([
    ['stdio-v2.mjs'],
    ['stdio-lines.mjs'],
    ['stdio-events.mjs'],
    ['stdio-own-transport.mjs'],
    ['http-v1.mjs', 'stateless'],
    ['http-v2.mjs'],
  ])('tells a lock from a semaphore: %s', async ([file, ...args]) => {
    const target = await launch([fixture(file ?? ''), ...args]);
    const locked = await batch(target, 'locked');
    const two = await batch(target, 'two');
    await target.stop();
    expect(locked.maxOutstanding).toBe(1);
    expect(places(locked.waits[0]).slice(0, 2)).toEqual(['run locks.mjs', 'locked tools.mjs']);
    expect(two.maxOutstanding).toBe(2);
  });
});
